// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log_window.h"
#include "outbox/store.h"
#include "postgres/log_progress.h"

namespace outbox {

// Rows of the log that one worker publishes. Settling tells the window, and moves progress if it is
// time: a row whose report came a moment before a crash is sent again.
class LogBatch : public Batch {
 public:
  LogBatch(LogShared& shared, LogProgress& progress, LogWindow::Taken taken, TimePoint claimed_at)
      : shared_(shared), progress_(progress), taken_(std::move(taken)), claimed_at_(claimed_at) {}
  ~LogBatch() override;

  std::span<const Message> messages() const override { return taken_.messages; }
  std::shared_ptr<const void> memory() const override { return taken_.memory; }
  int lanes() const override { return static_cast<int>(taken_.lanes.size()); }
  bool full() const override { return taken_.full; }
  TimePoint claimed_at() const override { return claimed_at_; }
  void Settle(const Settlement& settlement) override;

 private:
  LogShared& shared_;
  LogProgress& progress_;
  const LogWindow::Taken taken_;
  const TimePoint claimed_at_;
  bool settled_ = false;
};

}  // namespace outbox
