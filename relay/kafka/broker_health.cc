// SPDX-License-Identifier: Apache-2.0
#include "kafka/broker_health.h"

#include <algorithm>

namespace outbox {

void BrokerHealth::Recover() {
  const std::lock_guard lock(mutex_);
  ever_connected_ = true;
  all_down_since_.reset();
  trouble_.clear();
  brokers_up_ = std::max(brokers_up_, 1);
  good_ = true;
}

void BrokerHealth::OnAllDown(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (!all_down_since_) all_down_since_ = now;
  brokers_up_ = 0;
  good_ = false;
}

void BrokerHealth::OnTrouble(std::string_view text) {
  const std::lock_guard lock(mutex_);
  trouble_ = text;
}

void BrokerHealth::OnStatistics(const KafkaStatistics& statistics, TimePoint now) {
  int up = 0;
  // A client that cannot connect looks, between two tries, as if it did not even want to.
  bool needed = statistics.queue_messages > 0;
  for (const auto& broker : statistics.brokers) {
    up += broker.up ? 1 : 0;
    needed = needed || broker.needed;
  }
  // An idle connection that the broker closed counts as down in the client's errors, but nobody
  // needs it until there is something to send.
  if (up == 0 && needed) return OnAllDown(now);

  const std::lock_guard lock(mutex_);
  brokers_up_ = up;
  all_down_since_.reset();
  if (up > 0) {
    ever_connected_ = true;
    trouble_.clear();
  }
  good_ = ever_connected_;
}

PublisherHealth BrokerHealth::Get() const {
  const std::lock_guard lock(mutex_);
  return {.ever_connected = ever_connected_,
          .brokers_up = brokers_up_,
          .all_down_since = all_down_since_,
          .trouble = trouble_};
}

}  // namespace outbox
