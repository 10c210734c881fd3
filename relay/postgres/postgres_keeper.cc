// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_keeper.h"

#include <algorithm>
#include <numeric>

#include "postgres/text.h"

namespace outbox {
namespace {

constexpr std::int64_t kExactPending = 2'000;

std::int64_t Number(const pqxx::field& field) {
  return field.is_null() ? 0 : Integer({field.c_str(), field.size()});
}

}  // namespace

PostgresKeeper::PostgresKeeper(const ConnectOptions& options, StepSupervisor& supervisor,
                               const Statements& statements, const LaneBook& book)
    : statements_(statements), book_(book), connection_(options, supervisor) {}

TableSample PostgresKeeper::Sample() {
  std::vector<int> lanes(kLanes);
  std::iota(lanes.begin(), lanes.end(), 0);
  connection_.Begin();
  const auto result =
      connection_.Query(statements_.sample.name, statements_.sample.sql,
                        {ArrayOf(lanes), ArrayOf(book_.Floors()), TextArray(book_.held_topics())});
  connection_.Rollback();
  const auto row = result[0];
  TableSample sample;
  sample.pending = Number(row["pending"]);
  if (sample.pending > kExactPending) sample.pending = std::max(sample.pending, Number(row["estimate"]));
  sample.retrying = Number(row["retrying"]);
  sample.failed = Number(row["failed"]);
  sample.blocked_keys = Number(row["blocked"]);
  sample.oldest_pending = microseconds(std::max<std::int64_t>(0, Number(row["oldest"])));
  if (row["lag_unknown"].is_null() || *row["lag_unknown"].c_str() != 't') {
    sample.lag = microseconds(std::max({std::int64_t{0}, Number(row["lag"]), Number(row["retry_lag"])}));
  }
  sample.size_bytes = Number(row["size"]);
  sample.dead_tuples = Number(row["dead"]);
  if (!row["oldest_transaction"].is_null())
    sample.oldest_transaction = seconds(Number(row["oldest_transaction"]));
  sample.schema_version = row["version"].c_str();
  return sample;
}

StoreKeeper::Purged PostgresKeeper::Purge(seconds age, int most) {
  const TimePoint now = std::chrono::steady_clock::now();
  if (walk_began_ == TimePoint{} || now - walk_began_ >= kWalkAgain) {
    walked_ = -1;
    walk_began_ = now;
  }
  connection_.Begin();
  const auto result =
      connection_.Query(statements_.purge.name, statements_.purge.sql,
                        {std::to_string(walked_), std::to_string(most), std::to_string(age.count())});
  connection_.Commit();
  const auto row = result[0];
  const std::int64_t walked = Number(row["walked"]);
  // The next call begins where a row was too young: it will have aged.
  if (!row["young"].is_null()) {
    walked_ = std::max(walked_, Number(row["young"]) - 1);
  } else if (walked > 0) {
    walked_ = Number(row["upto"]);
  }
  return {Number(row["deleted"]), walked == most && row["young"].is_null()};
}

}  // namespace outbox
