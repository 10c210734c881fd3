// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
// This one wants to come after it.
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>

#include "demo/quiet_client.h"

namespace outbox {

// librdkafka's mock of a Kafka broker: threads of this process that listen on loopback and keep the
// last 5 MiB of each partition in memory. Thread-safe.
class MockBroker {
 public:
  MockBroker(const std::string& topic, int partitions);  // throws std::runtime_error

  std::string bootstrap() const;
  void TakeAway();   // connections are cut, and new ones refused
  void BringBack();  // on the same port

 private:
  struct DestroyCluster {
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };
  QuietClient client_;  // lends the cluster its threads
  std::unique_ptr<rd_kafka_mock_cluster_t, DestroyCluster> cluster_;
};

}  // namespace outbox
