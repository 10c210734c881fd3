// SPDX-License-Identifier: Apache-2.0
#include "campaign/attempt_watch.h"

namespace outbox::campaign {

void AttemptWatch::Look(const Field& field, DeliveryChecker& checker) {
  std::vector<test::Sql::Row> rows;
  try {
    rows = field.Connect("postgres")
               .Rows(
                   "SELECT id, (date_part('epoch', next_attempt_at) * 1000)::bigint, attempts, "
                   "split_part(payload, ' ', 8) FROM " +
                   field.waiting_table() +
                   " WHERE status = 'retrying' AND next_attempt_at > clock_timestamp() LIMIT 1000");
  } catch (const test::SqlError&) {
    return;  // some fault is about the server
  }
  std::map<std::string, Seen> now;
  for (const auto& row : rows) {
    const Seen seen{std::stoll(*row[1]), std::stoi(*row[2])};
    const auto before = rows_.find(*row[0]);
    if (before != rows_.end() && before->second.next < seen.next &&
        seen.attempts <= before->second.attempts) {
      checker.Complain(Check::kDatabase, "row " + *row[0] + ": tried again, and still at " +
                                             std::to_string(seen.attempts) + " attempts");
    }
    if (*row[3] == std::to_string(static_cast<int>(RowKind::kPlain)) && seen.attempts > 0)
      checker.Complain(Check::kDatabase, "row " + *row[0] + ": charged, although nothing refuses such rows");
    now.insert_or_assign(*row[0], seen);
  }
  rows_ = std::move(now);
}

}  // namespace outbox::campaign
