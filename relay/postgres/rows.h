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
  const pqxx::result& Keep(const pqxx::result& result) { return results_.emplace_back(result); }
  // `column`: the first of the message's columns; they stand in the order of the statements. Walking is
  // cheaper than indexing, which counts a reference to the whole result for each field.
  // `now`: the database's clock when the claim began, since the epoch.
  Message Read(pqxx::const_row_iterator column, int lane, microseconds now);

 private:
  std::deque<pqxx::result> results_;
  std::deque<std::string> bytes_;
};

}  // namespace outbox
