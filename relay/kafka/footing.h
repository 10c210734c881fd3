// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "outbox/message.h"

namespace outbox {

// In which partitions of a topic one producer has persisted something of late. Until a partition has,
// its broker has no state for the producer and accepts any first sequence number: with
// max.in.flight=1 the client still has one more request ready, and if the first is refused, that one
// would be accepted. Brokers forget as well: the state of a producer that was silent for
// producer.id.expiration.ms, and with a topic that is deleted all of it. So what was persisted counts
// for one to two windows of a minute.
class Footing {
 public:
  static constexpr seconds kWindow{60};

  // From metadata; partitions may be added later.
  void SetPartitions(int count) {
    const std::lock_guard lock(mutex_);
    Grow(static_cast<std::size_t>(count));
  }
  // By the poll thread only. Costs a load once the partition is known in this window.
  void OnPersisted(int partition) {
    if (partition < 0) return;
    const auto index = static_cast<std::size_t>(partition);
    const std::uint32_t window = window_.load(std::memory_order_acquire);
    if (index < noted_.size() && noted_[index] == window) return;
    if (index >= noted_.size()) noted_.resize(index + 1, 0);
    noted_[index] = window;
    const std::lock_guard lock(mutex_);
    Grow(index + 1);
    persisted_[index] = window;
  }
  // Whether every partition has, in this window or the last.
  bool complete(TimePoint now) {
    const std::lock_guard lock(mutex_);
    const std::uint32_t before = window_.load(std::memory_order_relaxed);
    if (now - began_ >= kWindow) {
      // After a long silence nothing counts that was before it.
      window_.store(before + (now - began_ >= 2 * kWindow ? 2 : 1), std::memory_order_release);
      began_ = now;
    }
    const std::uint32_t oldest = window_.load(std::memory_order_relaxed) - 1;
    for (const std::uint32_t window : persisted_) {
      if (window < oldest) return false;
    }
    return !persisted_.empty();
  }

 private:
  void Grow(std::size_t count) {  // mutex_ is held
    if (count > persisted_.size()) persisted_.resize(count, 0);
  }

  std::vector<std::uint32_t> noted_;      // the poll thread's copy of persisted_
  std::atomic<std::uint32_t> window_{2};  // the windows count up; 0: never
  std::mutex mutex_;
  // Protected by mutex_.
  std::vector<std::uint32_t> persisted_;  // by partition: the window in which it last was
  TimePoint began_{};
};

}  // namespace outbox
