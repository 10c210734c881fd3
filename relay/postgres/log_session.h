// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/log_progress.h"
#include "postgres/log_reader.h"
#include "postgres/log_shared.h"
#include "postgres/log_statements.h"

namespace outbox {

// A worker's connection to a log. A claim takes rows from the window that the sessions share, and reads
// more into it if there are few. What is parked is claimed as in the other modes, by a session of its
// own. Only the relay that has the guard claims anything.
class LogSession : public StoreSession {
 public:
  // Makes the session for what is parked, at first need.
  using ConnectParked = std::function<std::unique_ptr<StoreSession>()>;

  LogSession(const ConnectOptions& options, StepSupervisor& supervisor, const LogStatements& statements,
             LogShared& shared, ConnectParked connect_parked);
  ~LogSession() override;

  std::unique_ptr<Batch> Claim(const ClaimRequest& request) override;
  const SharedControl& control() const override { return control_; }
  int lanes_busy() const override { return lanes_busy_; }
  bool nothing_due() const override { return nothing_due_; }

 private:
  bool Enter();  // false: another relay reads the log
  void RefreshUnits();
  std::unique_ptr<Batch> ClaimByTurns(const ClaimRequest& request, bool parked);
  std::unique_ptr<Batch> ClaimParked(const ClaimRequest& request);
  std::unique_ptr<Batch> ClaimFresh(const ClaimRequest& request);
  LogWindow::Taken Take(const ClaimRequest& request);
  std::unique_ptr<Batch> Empty();

  LogShared& shared_;
  const ConnectParked connect_parked_;
  Connection connection_;
  LogReader reader_;
  LogProgress progress_;
  std::unique_ptr<StoreSession> parked_;
  SharedControl control_;
  bool parked_turn_ = false;
  TimePoint parked_again_{};  // not before, while there are fresh rows
  int lanes_busy_ = 0;
  bool nothing_due_ = false;
};

}  // namespace outbox
