// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_keeper.h"

#include <algorithm>

#include "postgres/field.h"
#include "postgres/sample_rows.h"
#include "postgres/text.h"

namespace outbox {
namespace {

constexpr std::int64_t kExactPending = 2'000;

}  // namespace

void LogKeeper::MakeRoom() {
  connection_.Query(statements_.make_partitions.name, statements_.make_partitions.sql, {});
}

TableSample LogKeeper::Sample() {
  const auto row = connection_.Query(statements_.sample.name, statements_.sample.sql, {})[0];
  TableSample sample;
  sample.pending = Number(row["pending"]);
  if (sample.pending > kExactPending) sample.pending = std::max(sample.pending, Number(row["estimate"]));
  sample.retrying = Number(row["retrying"]);
  sample.failed = Number(row["failed"]);
  sample.blocked_keys = Number(row["blocked"]);
  sample.oldest_pending = AgeOf(row["oldest"]);
  sample.lag = sample.oldest_pending;
  sample.ids_left = Number(row["ids_left"]);
  sample.size_bytes = Number(row["size"]);
  sample.dead_tuples = Number(row["dead"]);
  if (!row["oldest_transaction"].is_null())
    sample.oldest_transaction = seconds(Number(row["oldest_transaction"]));
  sample.schema_version = row["version"].c_str();
  sample.topics_complete = true;
  if (sample.pending > 0)
    AddTopics(connection_.Query(statements_.topics.name, statements_.topics.sql, {}), sample);
  if (sample.retrying + sample.failed > 0) {
    const Statement& refused = parked_statements_.refused;
    AddRefused(connection_.Query(refused.name, refused.sql, {}), sample);
  }
  return sample;
}

// A partition goes as a whole, and at once.
StoreKeeper::Purged LogKeeper::Purge(seconds age, int) {
  const auto row = connection_.Query(statements_.drop_partitions.name, statements_.drop_partitions.sql,
                                     {std::to_string(age.count())})[0];
  return {.messages = Number(row["gone"]), .more = false};
}

}  // namespace outbox
