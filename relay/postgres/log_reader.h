// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/log_shared.h"
#include "postgres/log_statements.h"

namespace outbox {

// Reads the log into the window, over one session's connection.
class LogReader {
 public:
  LogReader(Connection& connection, const LogStatements& statements, LogShared& shared)
      : connection_(connection), statements_(statements), shared_(shared) {}

  // The window has what the request asks for, or is full.
  bool Enough(const ClaimRequest& request);
  SharedControl Hear();  // from the database, for those who may not read

  // These need `reading`.
  void Fill(const ClaimRequest& request);  // reads until there is enough, or no more of what is there now
  void Look();                             // hears control, and begins a tick if there is anything to read

 private:
  void BeginTick(std::int64_t last_drawn);
  void Read(const ClaimRequest& request);
  void Copy(const LogRead& what, const CopyStream::Take& take);

  Connection& connection_;
  const LogStatements& statements_;
  LogShared& shared_;
};

}  // namespace outbox
