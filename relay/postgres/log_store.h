// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "outbox/observer.h"
#include "outbox/settings.h"
#include "outbox/store.h"
#include "postgres/lane_book.h"
#include "postgres/log_shared.h"
#include "postgres/log_statements.h"
#include "postgres/statements.h"
#include "postgres/step_deadline.h"
#include "postgres/wake_up_listener.h"

namespace outbox {

// The outbox in PostgreSQL, kept as a log. Thread-safe.
class LogStore : public OutboxStore {
 public:
  static constexpr milliseconds kMoveEvery{100};

  LogStore(const PostgresSettings& postgres, const OutboxSettings& outbox, Observer& observer,
           milliseconds move_every = kMoveEvery);
  ~LogStore() override;

  std::unique_ptr<StoreSession> Connect() override;
  std::unique_ptr<StoreKeeper> ConnectKeeper() override;
  WakeUpCall AwaitWakeUp(milliseconds timeout) override;

 private:
  ConnectOptions Options(const std::string& purpose) const;

  const PostgresSettings postgres_;
  const OutboxSettings outbox_;
  Observer& observer_;
  const LogStatements statements_;
  const Statements parked_statements_;
  StepSupervisor supervisor_;
  LaneBook parked_book_;
  LogShared shared_;
  std::unique_ptr<WakeUpListener> listener_;  // null: no wake-ups
};

}  // namespace outbox
