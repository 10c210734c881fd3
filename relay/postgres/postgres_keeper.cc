// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_keeper.h"

#include <algorithm>
#include <numeric>

#include "postgres/field.h"
#include "postgres/sample_rows.h"
#include "postgres/text.h"

namespace outbox {
namespace {

TableSample Figures(const pqxx::row& row) {
  TableSample sample = FiguresOf(row);
  if (!True(row["lag_unknown"])) sample.lag = std::max(AgeOf(row["lag"]), AgeOf(row["retry_lag"]));
  return sample;
}

}  // namespace

PostgresKeeper::PostgresKeeper(const ConnectOptions& options, StepSupervisor& supervisor,
                               const Statements& statements, const LaneBook& book)
    : statements_(statements), book_(book), connection_(options, supervisor) {}

TableSample PostgresKeeper::Sample() {
  std::vector<int> lanes(kLanes);
  std::iota(lanes.begin(), lanes.end(), 0);
  const std::string all = ArrayOf(lanes);
  const std::string floors = ArrayOf(book_.Floors());
  connection_.Begin();
  const auto result = connection_.Query(statements_.sample.name, statements_.sample.sql,
                                        {all, floors, TextArray(book_.held_topics())});
  TableSample sample = Figures(result[0]);
  if (sample.pending > 0)
    AddTopics(connection_.Query(statements_.topics.name, statements_.topics.sql, {all, floors}), sample);
  if (sample.retrying + sample.failed > 0)
    AddRefused(connection_.Query(statements_.refused.name, statements_.refused.sql, {}), sample);
  connection_.Rollback();
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
