// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_keeper.h"

#include <algorithm>

#include "postgres/field.h"
#include "postgres/sample_rows.h"
#include "postgres/text.h"

namespace outbox {
void LogKeeper::MakeRoom() {
  connection_.Query(statements_.make_partitions.name, statements_.make_partitions.sql, {});
}

TableSample LogKeeper::Sample() {
  const auto row = connection_.Query(statements_.sample.name, statements_.sample.sql, {})[0];
  TableSample sample = FiguresOf(row);
  sample.lag = sample.oldest_pending;
  sample.ids_left = Number(row["ids_left"]);
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
