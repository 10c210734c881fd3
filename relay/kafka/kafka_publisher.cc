// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_publisher.h"

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "kafka/kafka_delivery.h"
#include "kafka/kafka_report.h"

namespace outbox {
namespace {

constexpr milliseconds kDestroyPatience{7'000};

std::int64_t MaxMessageBytes(const rd_kafka_conf_t* conf) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  rd_kafka_conf_get(conf, "message.max.bytes", text.data(), &size);
  return std::stoll(text.data());
}

}  // namespace

KafkaPublisher::KafkaPublisher(KafkaPublisherOptions options, KafkaEvents events)
    : options_(std::move(options)),
      context_(std::make_shared<KafkaContext>(std::move(events))),
      timestamp_(options_.timestamp),
      main_(options_, Road::kMain, context_),
      alone_(options_, Road::kAlone, context_) {
  // The second road may not be needed for weeks; whether it can be made is found out now.
  max_message_bytes_ = MaxMessageBytes(MakeConf(options_, Road::kAlone).get());
  main_.Begin();
}

KafkaPublisher::~KafkaPublisher() {
  main_.Retire();
  alone_.Retire();
  if (const int left = context_->census.AwaitGone(kDestroyPatience); left > 0) {
    context_->events.Log(LogLevel::kError,
                         "left behind " + std::to_string(left) + " Kafka producers whose destruction hangs");
  }
  context_->events.Mute();
}

std::unique_ptr<Delivery> KafkaPublisher::Open(std::size_t size, std::shared_ptr<const void> memory) {
  auto generation = main_.Current();
  if (!generation) return nullptr;
  auto flight = std::make_shared<Flight>(size, std::move(memory));
  if (!generation->Board(flight)) return nullptr;  // ended in this very moment
  return std::make_unique<KafkaDelivery>(std::move(flight), std::move(generation), alone_, timestamp_);
}

TopicState KafkaPublisher::CheckTopic(std::string_view topic, milliseconds timeout) {
  const auto generation = main_.Current();
  return generation ? generation->CheckTopic(topic, timeout) : TopicState::kUnreachable;
}

// By the second road: a stale answer that calls the topic unknown would fail what is queued on the
// first one.
TopicState KafkaPublisher::ProbeTopic(std::string_view topic, milliseconds timeout) {
  const auto generation = alone_.Current();
  return generation ? generation->ProbeTopic(topic, timeout) : TopicState::kUnreachable;
}

bool KafkaPublisher::Probe(milliseconds timeout) {
  const auto generation = main_.Current();
  return generation && generation->Answers(timeout);
}

PublisherHealth KafkaPublisher::Health() const {
  PublisherHealth health = context_->health.Get();
  health.cannot_continue = context_->census.hopeless(std::chrono::steady_clock::now());
  return health;
}

std::string KafkaPublisher::Describe(const Report& report) const { return DescribeReport(report); }

}  // namespace outbox
