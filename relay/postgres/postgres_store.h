// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "outbox/observer.h"
#include "outbox/settings.h"
#include "outbox/store.h"
#include "postgres/lane_book.h"
#include "postgres/statements.h"
#include "postgres/step_deadline.h"
#include "postgres/wake_up_listener.h"

namespace outbox {

// The outbox in PostgreSQL: makes connections for the workers and the caretaker, and keeps what
// these remember together. Thread-safe.
class PostgresStore : public OutboxStore {
 public:
  PostgresStore(const PostgresSettings& postgres, const OutboxSettings& outbox, Observer& observer);
  ~PostgresStore() override;

  std::unique_ptr<StoreSession> Connect() override;
  std::unique_ptr<StoreKeeper> ConnectKeeper() override;
  WakeUpCall AwaitWakeUp(milliseconds timeout) override;

 private:
  ConnectOptions Options(const std::string& purpose) const;

  const PostgresSettings postgres_;
  const OutboxSettings outbox_;
  Observer& observer_;
  const Statements statements_;
  StepSupervisor supervisor_;
  LaneBook book_;
  std::unique_ptr<WakeUpListener> listener_;  // null: no wake-ups
};

}  // namespace outbox
