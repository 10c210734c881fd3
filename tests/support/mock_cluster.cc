// SPDX-License-Identifier: Apache-2.0
#include "support/mock_cluster.h"

#include <stdexcept>

namespace outbox::test {
namespace {

void Check(rd_kafka_resp_err_t error) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

}  // namespace

// The client only lends its threads and connects to nobody.
MockCluster::MockCluster(int brokers)
    : client_(MakeKafkaClient(RD_KAFKA_PRODUCER, "")),
      cluster_(rd_kafka_mock_cluster_new(client_.get(), brokers)) {
  if (cluster_ == nullptr) throw std::runtime_error("no mock cluster");
}

MockCluster::~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }

std::string MockCluster::bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

void MockCluster::CreateTopic(const std::string& name, int partitions) {
  Check(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1));
}

void MockCluster::PushErrors(std::int16_t api_key, const std::vector<rd_kafka_resp_err_t>& errors) {
  rd_kafka_mock_push_request_errors_array(cluster_, api_key, errors.size(), errors.data());
}

void MockCluster::ClearErrors(std::int16_t api_key) { rd_kafka_mock_clear_request_errors(cluster_, api_key); }

void MockCluster::SetTopicError(const std::string& topic, rd_kafka_resp_err_t error) {
  rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
}

void MockCluster::SetDown(int broker) { Check(rd_kafka_mock_broker_set_down(cluster_, broker)); }

void MockCluster::SetUp(int broker) { Check(rd_kafka_mock_broker_set_up(cluster_, broker)); }

void MockCluster::SetRoundTrip(milliseconds time, int broker) {
  Check(rd_kafka_mock_broker_set_rtt(cluster_, broker, static_cast<int>(time.count())));
}

}  // namespace outbox::test
