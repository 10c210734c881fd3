// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/lane_book.h"
#include "postgres/statements.h"

namespace outbox {

// Samples and purges over a connection of its own.
class PostgresKeeper : public StoreKeeper {
 public:
  static constexpr seconds kWalkAgain{3'600};

  PostgresKeeper(const ConnectOptions& options, StepSupervisor& supervisor, const Statements& statements,
                 const LaneBook& book);

  TableSample Sample() override;
  Purged Purge(seconds age, int most) override;

 private:
  const Statements& statements_;
  const LaneBook& book_;
  Connection connection_;
  // The walk along the primary key goes on from here. Rows that were sent late lie below, so once an
  // hour it begins anew.
  std::int64_t walked_ = -1;
  TimePoint walk_began_{};
};

}  // namespace outbox
