// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "kafka/kafka_conf.h"
#include "kafka/kafka_events.h"
#include "kafka/lineage.h"
#include "outbox/publisher.h"

namespace outbox {

// The Publisher that speaks to Kafka through librdkafka. Thread-safe. Deliveries do not outlive it.
class KafkaPublisher final : public Publisher {
 public:
  // Connects in the background. Throws std::invalid_argument if librdkafka refuses a property or
  // their combination, ConfigError if a secret cannot be read.
  KafkaPublisher(KafkaPublisherOptions options, KafkaEvents events);
  // Purges what is still unreported. Waits a few seconds for the clients to go away; one that hangs
  // is left behind, with a line in the log.
  ~KafkaPublisher() override;
  KafkaPublisher(const KafkaPublisher&) = delete;
  KafkaPublisher& operator=(const KafkaPublisher&) = delete;

  std::unique_ptr<Delivery> Open(std::size_t size, std::shared_ptr<const void> memory) override;
  TopicState CheckTopic(std::string_view topic, milliseconds timeout) override;
  TopicState ProbeTopic(std::string_view topic, milliseconds timeout) override;
  bool Probe(milliseconds timeout) override;
  PublisherHealth Health() const override;
  std::string Describe(const Report& report) const override;

  // From the next Open on.
  void SetTimestamp(MessageTimestamp timestamp) { timestamp_ = timestamp; }

  // librdkafka's message.max.bytes: a larger payload is refused without asking the broker.
  std::int64_t max_message_bytes() const { return max_message_bytes_; }

 private:
  const KafkaPublisherOptions options_;
  const std::shared_ptr<KafkaContext> context_;
  std::atomic<MessageTimestamp> timestamp_;
  std::int64_t max_message_bytes_ = 0;
  Lineage main_;
  Lineage alone_;
};

}  // namespace outbox
