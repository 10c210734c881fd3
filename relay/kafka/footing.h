// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace outbox {

// In which partitions of a topic one producer has persisted something. Until a partition has, its
// broker has no state for the producer and accepts any first sequence number: with max.in.flight=1 the
// client still has one more request ready, and if the first is refused, that one would be accepted.
class Footing {
 public:
  // From metadata; partitions may be added later.
  void SetPartitions(int count) {
    const std::lock_guard lock(mutex_);
    Grow(count);
  }
  // By the poll thread only. Costs a load once all partitions are known to.
  void OnPersisted(int partition) {
    if (partition == last_ && complete()) return;
    last_ = partition;
    if (partition < 0) return;
    const std::lock_guard lock(mutex_);
    Grow(partition + 1);
    auto&& persisted = persisted_[static_cast<std::size_t>(partition)];
    if (!persisted) ++count_;
    persisted = true;
    complete_.store(count_ == persisted_.size(), std::memory_order_release);
  }
  bool complete() const { return complete_.load(std::memory_order_acquire); }

 private:
  void Grow(int count) {  // mutex_ is held
    if (static_cast<std::size_t>(count) <= persisted_.size()) return;
    persisted_.resize(static_cast<std::size_t>(count), false);
    complete_.store(false, std::memory_order_release);
  }

  int last_ = -1;  // the poll thread's
  std::atomic<bool> complete_{false};
  std::mutex mutex_;
  std::vector<bool> persisted_;  // by partition; protected by mutex_
  std::size_t count_ = 0;        // protected by mutex_
};

}  // namespace outbox
