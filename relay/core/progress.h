// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "outbox/message.h"

namespace outbox {

// What a thread is doing, and how long that may take: liveness is that no step overruns its limit.
// Written by its thread, read by any.
class Progress {
 public:
  enum class Step : std::uint8_t {
    kStarting,
    kConnecting,
    kClaiming,
    kPublishing,
    kSettling,
    kWaiting,
    kProbing,
    kEnded
  };

  // `limit` zero: the step may take for ever.
  void Begin(Step step, TimePoint now, milliseconds limit) {
    limit_ms_.store(0, std::memory_order_relaxed);
    since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    step_.store(step, std::memory_order_relaxed);
    limit_ms_.store(limit.count(), std::memory_order_release);
  }
  Step step() const { return step_.load(std::memory_order_relaxed); }
  // By how much the step overruns its limit; zero or less: it does not.
  milliseconds Overrun(TimePoint now) const {
    const std::int64_t limit = limit_ms_.load(std::memory_order_acquire);
    if (limit == 0) return milliseconds(0);
    const TimePoint since{TimePoint::duration(since_.load(std::memory_order_relaxed))};
    return std::chrono::duration_cast<milliseconds>(now - since) - milliseconds(limit);
  }

 private:
  std::atomic<Step> step_{Step::kStarting};
  std::atomic<TimePoint::rep> since_{0};
  std::atomic<std::int64_t> limit_ms_{0};
};

// The end of a relay's work: no new claims from Begin on; what is in flight has until `stop_by`.
// Thread-safe.
class Drain {
 public:
  void Begin(TimePoint stop_by) {
    stop_by_.store(stop_by.time_since_epoch().count(), std::memory_order_relaxed);
    {
      const std::scoped_lock lock(mutex_);
      begun_.store(true, std::memory_order_release);
    }
    begin_.notify_all();
  }
  bool begun() const { return begun_.load(std::memory_order_acquire); }
  // The far future while no drain runs.
  TimePoint stop_by() const {
    return begun() ? TimePoint(TimePoint::duration(stop_by_.load(std::memory_order_relaxed)))
                   : TimePoint::max();
  }
  // Returns then, or when the drain begins.
  void SleepUntil(TimePoint then) const {
    std::unique_lock lock(mutex_);
    begin_.wait_until(lock, then, [this] { return begun(); });
  }

 private:
  std::atomic<bool> begun_{false};
  std::atomic<TimePoint::rep> stop_by_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable begin_;
};

}  // namespace outbox
