// SPDX-License-Identifier: Apache-2.0
#include "metrics/kafka_state.h"

#include <algorithm>

namespace outbox {
namespace {

// Statistics come every 5 s; a producer that has missed three is gone.
constexpr seconds kProducerLife{15};
// A name that no producer has mentioned for so long belongs to a broker that was taken away.
constexpr seconds kBrokerLife{600};

}  // namespace

void KafkaState::Set(const ProducerFigures& figures, TimePoint now) {
  const std::lock_guard lock(mutex_);
  epochs_ += static_cast<double>(figures.epoch_bumps);
  for (const ProducerFigures::Broker& reported : figures.brokers) {
    Broker& broker = brokers_[reported.name];
    broker.request_timeouts += static_cast<double>(reported.request_timeouts);
    broker.disconnects += static_cast<double>(reported.disconnects);
    broker.at = now;
  }
  producers_[figures.main] = {figures, now};
  Forget(now);
  for (const ProducerFigures::Broker& reported : figures.brokers) {
    // One producer that reaches a broker is enough: another may have had no need of it.
    brokers_[reported.name].up = std::ranges::any_of(producers_, [&](const auto& entry) {
      const auto& known = entry.second.last.brokers;
      return std::ranges::any_of(
          known, [&](const auto& broker) { return broker.name == reported.name && broker.up; });
    });
  }
}

void KafkaState::SetUp(bool up) {
  const std::lock_guard lock(mutex_);
  up_ = up;
}

void KafkaState::CountFatal() {
  const std::lock_guard lock(mutex_);
  ++fatal_;
}

bool KafkaState::up() const {
  const std::lock_guard lock(mutex_);
  return up_;
}

void KafkaState::Forget(TimePoint now) {
  std::erase_if(producers_, [&](const auto& entry) { return entry.second.at + kProducerLife < now; });
  std::erase_if(brokers_, [&](const auto& entry) { return entry.second.at + kBrokerLife < now; });
}

void KafkaState::Write(FamilyList& list, TimePoint now) const {
  const std::lock_guard lock(mutex_);
  double queued = 0;
  for (const auto& [main, producer] : producers_) {
    if (producer.at + kProducerLife >= now) queued += static_cast<double>(producer.last.queued_messages);
  }
  FamilyList::Values up, timeouts, disconnects;
  for (const auto& [name, broker] : brokers_) {
    up.emplace_back(name, broker.up && broker.at + kProducerLife >= now);
    timeouts.emplace_back(name, broker.request_timeouts);
    disconnects.emplace_back(name, broker.disconnects);
  }
  list.Gauge("kafka_up", "1 while a broker is connected.", up_);
  list.Gauge("kafka_queue_messages", "Messages in the broker client's queues.", queued);
  list.GaugeBy("kafka_broker_up",
               "1 while this broker is connected; brokers that were never needed are left out.", "broker",
               up);
  list.CounterBy("kafka_request_timeouts_total", "Requests that the broker did not answer in time.", "broker",
                 timeouts);
  list.CounterBy("kafka_disconnects_total", "Connections to the broker that were lost.", "broker",
                 disconnects);
  list.Counter("kafka_producer_restarts_total", "Fatal errors of a producer.", fatal_);
  list.Counter("kafka_producer_epochs_total",
               "Epochs that producers began anew; each may have let a duplicate through.", epochs_);
}

}  // namespace outbox
