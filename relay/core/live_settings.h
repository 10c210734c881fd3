// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>

#include "core/judge.h"
#include "outbox/settings.h"

namespace outbox {

// The settings that may change while the relay runs, as the core uses them.
struct Tunables {
  int batch_messages = 2000;
  std::int64_t batch_bytes = 8 << 20;
  std::int64_t max_payload = 1'000'000;  // librdkafka's message.max.bytes
  RetryPolicy retry;
  milliseconds shutdown_grace{30'000};
  int trip_after = 3;
  milliseconds poll_min{2};
  milliseconds poll_max{50};
  std::optional<seconds> retention;
  CadenceSettings cadence = {};
  DeadLetterSettings dead_letters = {};
  PaceSettings pace = {};
};

// Hands the present tunables to whoever asks. Thread-safe; version() is cheap, so a worker copies
// them only when they have changed.
class LiveSettings {
 public:
  explicit LiveSettings(Tunables tunables) : tunables_(std::move(tunables)) {}
  int version() const { return version_.load(std::memory_order_acquire); }
  Tunables Get() const {
    const std::scoped_lock lock(mutex_);
    return tunables_;
  }
  void Set(Tunables tunables) {
    const std::scoped_lock lock(mutex_);
    tunables_ = std::move(tunables);
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  Tunables tunables_;  // protected by mutex_
  std::atomic<int> version_{1};
};

}  // namespace outbox
