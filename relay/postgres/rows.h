// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "outbox/message.h"

namespace outbox {

// The memory of a batch: the results as libpq received them, into which the messages point, and
// decoded bytea payloads. Shared with the broker client until it has read the last payload.
class Rows {
 public:
  // Where the columns of a message begin in a result; they follow in the order of the statements.
  struct Columns {
    int id = 0;
  };

  const pqxx::result& Keep(const pqxx::result& result) { return results_.emplace_back(result); }
  // `now`: the database's clock when the claim began, since the epoch.
  Message Read(const pqxx::row& row, Columns columns, int lane, microseconds now);

 private:
  std::deque<pqxx::result> results_;
  std::deque<std::string> bytes_;
};

}  // namespace outbox
