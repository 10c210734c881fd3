// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/log_window.h"
#include "postgres/connection.h"
#include "postgres/log_shared.h"
#include "postgres/log_statements.h"

namespace outbox {

// The progress row, over one session's connection.
class LogProgress {
 public:
  LogProgress(Connection& connection, const LogStatements& statements, LogShared& shared)
      : connection_(connection), statements_(statements), shared_(shared) {}

  // Begins a tenure: forgets everything and goes on from the progress row. With `reading` held.
  void Load(int tenure);
  // Moves progress over what is done, and parks what must be, if it is time and nobody else does.
  void Move(bool now);
  // The same for a caller that has not failed itself: what fails is thrown by the next Move or Check.
  void TryMove() noexcept;
  void Check() const;
  // Which units have parked rows. Takes as long as there are many, so no lock is held meanwhile.
  void ReadUnits();

 private:
  pqxx::row Stored();
  bool Resolve();
  void Write(const LogWindow::Progress& progress, const std::vector<std::string>& parameters);
  void Park(const std::vector<ParkedRow>& rows);
  void Lost(const std::string& why);

  Connection& connection_;
  const LogStatements& statements_;
  LogShared& shared_;
  std::optional<StoreUnavailable> failure_;
};

}  // namespace outbox
