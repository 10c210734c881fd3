// SPDX-License-Identifier: Apache-2.0
#include "demo/consumer.h"

#include <memory>

namespace outbox {
namespace {

constexpr int kPollMs = 50;

struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyPartitions {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

}  // namespace

Consumer::Consumer(const std::string& brokers, const std::string& topic, int partitions, Ledger& ledger)
    : ledger_(ledger),
      client_(
          MakeQuietClient(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                              {"group.id", topic},  // required; we assign, and commit nothing
                                              {"enable.auto.commit", "false"},
                                              {"auto.offset.reset", "earliest"},
                                              {"fetch.wait.max.ms", "10"},
                                              {"fetch.error.backoff.ms", "50"},
                                              {"reconnect.backoff.max.ms", "200"}})) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions> all(
      rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  const auto error = rd_kafka_assign(client_.get(), all.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Consumer::~Consumer() {
  thread_.request_stop();
  thread_.join();
  rd_kafka_consumer_close(client_.get());
}

void Consumer::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
        rd_kafka_consumer_poll(client_.get(), kPollMs));
    // A broker that is away is an error here too; the client reconnects by itself.
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    ledger_.OnConsumed({static_cast<const char*>(message->payload), message->len}, UnixTime());
  }
}

}  // namespace outbox
