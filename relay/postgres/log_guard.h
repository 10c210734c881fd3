// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "postgres/connection.h"
#include "postgres/log_statements.h"

namespace outbox {

// Of all relays of a log, one reads it: the one whose guard holds an advisory lock. The lock lives in
// an open transaction on a connection of its own, which has neither an xid nor a snapshot, so that it
// holds back no vacuum. A statement every few seconds keeps it from running into the server's limit for
// idle transactions; a frozen relay does not get that far, and loses it. Thread-safe.
class LogGuard {
 public:
  LogGuard(ConnectOptions options, StepSupervisor& supervisor, const LogStatements& statements);
  ~LogGuard();

  // Takes the lock, unless it is ours already. Throws StoreUnavailable.
  bool Acquire();
  // Whether that is the server it is held on, by the time at which it started. Where it is not, which only a
  // fail-over that left the old one alive can bring about, the lock is given up.
  bool IsOn(const std::string& server);
  // Counts how often it was taken: who remembers an older number does not hold it any more, or not
  // without a gap. 0: not held.
  int tenure() const { return held_.load(std::memory_order_acquire); }

 private:
  void Keep(const std::stop_token& stop);

  const ConnectOptions options_;
  StepSupervisor& supervisor_;
  const LogStatements& statements_;
  std::atomic<int> held_{0};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  // Protected by mutex_.
  std::unique_ptr<Connection> connection_;
  std::string server_;
  TimePoint tried_{};
  int tenures_ = 0;
  std::jthread thread_;  // last: ends first
};

}  // namespace outbox
