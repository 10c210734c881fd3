// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <pqxx/pqxx>

#include "postgres/connection.h"
#include "postgres/statements.h"

namespace outbox {

// Hears the NOTIFY of the optional trigger, on a connection of its own that is never in a transaction.
// Used by one thread.
class WakeUpListener {
 public:
  WakeUpListener(ConnectOptions options, const Statements& statements);

  // True: a wake-up came, or the time has passed. False: not connected; try again in a moment.
  bool Await(milliseconds timeout);

 private:
  void Connect();

  const ConnectOptions options_;
  const Statements& statements_;
  std::unique_ptr<pqxx::connection> connection_;
};

}  // namespace outbox
