// SPDX-License-Identifier: Apache-2.0
#include "demo/mock_broker.h"

#include <stdexcept>

namespace outbox {
namespace {

constexpr std::int32_t kBroker = 1;

void Check(rd_kafka_resp_err_t error) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

}  // namespace

MockBroker::MockBroker(const std::string& topic, int partitions)
    : client_(MakeQuietClient(RD_KAFKA_PRODUCER, {})), cluster_(rd_kafka_mock_cluster_new(client_.get(), 1)) {
  if (!cluster_) throw std::runtime_error("librdkafka made no mock cluster");
  Check(rd_kafka_mock_topic_create(cluster_.get(), topic.c_str(), partitions, 1));
}

std::string MockBroker::bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }

void MockBroker::TakeAway() { Check(rd_kafka_mock_broker_set_down(cluster_.get(), kBroker)); }

void MockBroker::BringBack() { Check(rd_kafka_mock_broker_set_up(cluster_.get(), kBroker)); }

}  // namespace outbox
