// SPDX-License-Identifier: Apache-2.0
#include "demo/table_watch.h"

#include <fmt/format.h>

#include <cstdlib>

namespace outbox {

TableWatch::TableWatch(const OutboxAddress& address) : table_(address.table()), sql_(address.conninfo) {
  // A new table has no statistics that would lead the planner to the indexes over unsent rows.
  sql_.Run("SET enable_seqscan = off; SET statement_timeout = '5s'");
}

TableWatch::Rows TableWatch::Look() {
  const auto counted = sql_.Run(
      fmt::format("/* outbox-relay: demo */ SELECT "
                  "(SELECT count(*) FROM {0} WHERE status = 'pending') + (SELECT count(*) FROM {0} WHERE "
                  "status = 'retrying'), "
                  "coalesce((SELECT 1000 * extract(epoch FROM clock_timestamp() - min(created_at)) FROM {0} "
                  "WHERE status = 'pending'), 0)::bigint",
                  table_));
  Rows rows;
  rows.unsent = std::atoll(counted[0][0].c_str());
  rows.lag = milliseconds(std::atoll(counted[0][1].c_str()));
  for (const auto& row : sql_.Run(fmt::format("/* outbox-relay: demo */ SELECT id, key, last_error FROM {} "
                                              "WHERE status = 'failed' ORDER BY id LIMIT 100",
                                              table_))) {
    rows.failed.push_back({std::atoll(row[0].c_str()), row[1], row[2]});
  }
  return rows;
}

}  // namespace outbox
