// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "outbox/message.h"

namespace outbox {

class StepSupervisor;

// The deadline of one connection's present step. libpq waits for an answer as long as TCP believes
// in the connection; this shuts the socket down instead, so that the waiting call returns an error.
// Begin and End are two atomic stores. Owned by the connection, destroyed before the socket closes.
class StepDeadline {
 public:
  StepDeadline(StepSupervisor& supervisor, int socket);
  ~StepDeadline();
  StepDeadline(const StepDeadline&) = delete;
  StepDeadline& operator=(const StepDeadline&) = delete;

  void Begin(milliseconds limit);
  void End() { due_.store(0, std::memory_order_relaxed); }
  bool missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  friend class StepSupervisor;
  StepSupervisor& supervisor_;
  const int socket_;
  std::atomic<TimePoint::rep> due_{0};  // zero: no step runs
  std::atomic<bool> missed_{false};
};

// Watches all deadlines of a store, a few times a second. Thread-safe.
class StepSupervisor {
 public:
  StepSupervisor();
  ~StepSupervisor();

 private:
  friend class StepDeadline;
  void Watch(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::set<StepDeadline*> deadlines_;  // protected by mutex_
  std::jthread thread_;
};

}  // namespace outbox
