// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/log_statements.h"

namespace outbox {

// Samples a log, and sees to it that there are partitions ahead. Over a connection of its own.
class LogKeeper : public StoreKeeper {
 public:
  LogKeeper(const ConnectOptions& options, StepSupervisor& supervisor, const LogStatements& statements,
            const Statements& parked_statements)
      : statements_(statements), parked_statements_(parked_statements), connection_(options, supervisor) {}

  void MakeRoom() override;
  TableSample Sample() override;
  Purged Purge(seconds age, int most) override;

 private:
  const LogStatements& statements_;
  const Statements& parked_statements_;
  Connection connection_;
};

}  // namespace outbox
