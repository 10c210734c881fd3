// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <pqxx/pqxx>

#include "outbox/observer.h"
#include "postgres/connection.h"
#include "postgres/statements.h"

namespace outbox {

// Hears the NOTIFY of the optional trigger, on a connection of its own that is never in a transaction.
// Used by one thread.
class WakeUpListener {
 public:
  WakeUpListener(ConnectOptions options, const Statements& statements, Observer& observer,
                 StepSupervisor& supervisor);
  ~WakeUpListener();

  WakeUpCall Await(milliseconds timeout);  // after kDeaf try again in a moment

 private:
  void Connect();
  void Leave();

  const ConnectOptions options_;
  const Statements& statements_;
  Observer& observer_;
  StepSupervisor& supervisor_;
  bool told_ = false;  // that it is deaf
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<StepDeadline> deadline_;
};

}  // namespace outbox
