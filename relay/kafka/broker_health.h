// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/kafka_events.h"
#include "outbox/publisher.h"

namespace outbox {

// Puts together from the clients' answers, errors and statistics whether the brokers can be reached.
// Thread-safe; OnAnswer costs a load where nothing is wrong.
class BrokerHealth {
 public:
  void OnAnswer() {
    if (!good_.load(std::memory_order_relaxed)) Recover();
  }
  void OnAllDown(TimePoint now);
  void OnTrouble(std::string_view text);  // with the connection to one of them
  void OnStatistics(const KafkaStatistics& statistics, TimePoint now);

  PublisherHealth Get() const;

 private:
  void Recover();

  std::atomic<bool> good_{false};  // answered, and not down since
  mutable std::mutex mutex_;
  bool ever_connected_ = false;  // protected by mutex_, like all below
  int brokers_up_ = 0;
  std::optional<TimePoint> all_down_since_;
  std::string trouble_;
};

}  // namespace outbox
