// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_session.h"

namespace outbox {

// A moment by the database's clock: either so long ago, or a date and time that PostgreSQL reads.
struct Moment {
  std::optional<milliseconds> ago;
  std::string at;
};

// Which messages an operator means: those that are named, or else all that meet every condition.
// An empty list is no condition.
struct MessageFilter {
  std::vector<std::int64_t> ids;
  std::vector<std::string> message_ids;  // UUIDs; found by reading the table, which has no index on them
  std::vector<std::string> statuses;
  std::vector<std::string> topics;
  std::vector<std::string> keys;
  std::string error;  // occurs in last_error, in whatever case
  std::optional<Moment> since, until;
  bool repairable = false;  // only what may be repaired: of a log what is parked

  bool named() const { return !ids.empty() || !message_ids.empty(); }
};

// A filter whose times are known as a range of ids, found by bisection on the primary key: nothing
// reads the table to find a time. Made once for a command, so all its statements mean the same.
class FoundRange {
 public:
  // Throws StoreUnavailable.
  FoundRange(OperatorSession& session, MessageFilter filter);

  // The CTE `found (id)`, newest first where `most` is less than there are, and its parameters $1 to
  // $12. To be followed by more of the same statement.
  std::string Sql(const OperatorSession& session) const;
  std::vector<std::string> Parameters(const std::vector<int>& lanes, std::int64_t most) const;

  // Whether a message `o` meets every condition; its parameters are $1 to $8.
  static const char* Conditions();
  std::vector<std::string> ConditionParameters() const;

  const MessageFilter& filter() const { return filter_; }
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }
  const std::string& since() const { return since_; }
  const std::string& until() const { return until_; }

 private:
  const MessageFilter filter_;
  std::string since_, until_;  // ISO 8601, UTC; "": none
  std::int64_t first_ = 0;
  std::int64_t last_ = INT64_MAX;
};

std::vector<int> AllLanes();

// As ISO 8601, UTC; empty for none.
std::string AbsoluteTime(OperatorSession& session, const std::optional<Moment>& moment);

}  // namespace outbox
