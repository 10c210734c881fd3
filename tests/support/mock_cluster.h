// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>
#include <vector>

#include "support/kafka_client.h"

namespace outbox::test {

// librdkafka's own mock brokers, for errors that a real broker cannot be made to give. It accepts
// what a real one would refuse, so it proves nothing about duplicates. Topics are created on sight,
// with four partitions, each of which keeps only its last 5 MiB. Thread-safe.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string bootstrap() const;
  void CreateTopic(const std::string& name, int partitions);

  // The next requests with this key (0: Produce, 3: Metadata, 22: InitProducerId) are answered so,
  // before anything is appended. RD_KAFKA_RESP_ERR__TRANSPORT cuts the connection.
  void PushErrors(std::int16_t api_key, const std::vector<rd_kafka_resp_err_t>& errors);
  void ClearErrors(std::int16_t api_key);
  void SetTopicError(const std::string& topic, rd_kafka_resp_err_t error);

  // Brokers count from 1.
  void SetDown(int broker = 1);
  void SetUp(int broker = 1);
  void SetRoundTrip(milliseconds time, int broker = 1);

  rd_kafka_mock_cluster_t* get() const { return cluster_; }

 private:
  KafkaClient client_;  // the mock's threads belong to it
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace outbox::test
