// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_partitions.h"

#include "postgres/last_drawn.h"
#include "postgres/log_statements.h"
#include "postgres/operator_answer.h"

namespace outbox {
namespace {

constexpr const char* kPartitions = R"(/* outbox-relay: partitions */
SELECT p.name, p.first, p.upper,
  p.upper <= d.upto AND p.upper <= d.all_done + 1 AS done,
  extract(epoch FROM clock_timestamp() - (
    SELECT o.created_at FROM {table} o WHERE o.id >= p.first AND o.id < p.upper ORDER BY o.id DESC LIMIT 1)) AS youngest
FROM {schema}.outbox_position d, (
  SELECT c.relname AS name, bounds[1]::bigint AS first, bounds[2]::bigint AS upper
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\) TO \(''(\d+)''\)') AS bounds
  WHERE i.inhparent = '{table}'::regclass) p
ORDER BY p.upper)";

constexpr const char* kDrop = R"(/* outbox-relay: drop partitions */
WITH gone AS MATERIALIZED (
  SELECT {schema}.outbox_drop_partitions($1::bigint * interval '1 millisecond') AS ids
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, reason)
  SELECT $2::uuid, $3::text, $4::text, $5::text, $6::jsonb, g.ids, nullif($7::text, '') FROM gone g WHERE g.ids > 0
)
SELECT ids FROM gone)";

constexpr const char* kFacts = R"(/* outbox-relay: doctor, log */
SELECT (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = '{table}'::regclass) AS partitions,
  (SELECT coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(\d+)''\)'))[1]::bigint), 1)
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '{table}'::regclass)
    - 1 - (SELECT s.last_value FROM {schema}.outbox_id_seq s) AS ids_left,
  coalesce((SELECT c.value::bigint FROM {schema}.outbox_control c WHERE c.name = 'partition_rows'), 10000000) AS rows_each,
  (SELECT {elsewhere} FROM {schema}.outbox_progress p) AS elsewhere)";

}  // namespace

std::vector<LogPartition> ReadPartitions(OperatorSession& session) {
  const OperatorAnswer answer = session.Ask(kPartitions);
  std::vector<LogPartition> partitions;
  for (int row = 0; row < answer.size(); ++row) {
    LogPartition& partition = partitions.emplace_back();
    partition.name = answer.Text(row, "name");
    partition.first = answer.Number(row, "first");
    partition.upper = answer.Number(row, "upper");
    partition.done = answer.Is(row, "done");
    if (const auto youngest = answer.Maybe(row, "youngest")) partition.youngest = std::stod(*youngest);
  }
  return partitions;
}

std::int64_t DropPartitions(OperatorSession& session, milliseconds older_than, const RepairNote& note) {
  return session
      .Ask(kDrop, {std::to_string(older_than.count()), note.caller.task, note.command, note.caller.os_user,
                   note.caller.host, note.filter, note.reason})
      .Number(0, "ids");
}

LogFacts ReadLogFacts(OperatorSession& session) {
  const OperatorAnswer answer =
      session.Ask(Fill(kFacts, {{"elsewhere", kLogElsewhere}, {"last_drawn", kLastDrawn}}));
  LogFacts facts;
  facts.partitions = answer.Number(0, "partitions");
  facts.ids_left = answer.Number(0, "ids_left");
  facts.partition_rows = answer.Number(0, "rows_each");
  facts.foreign = answer.Maybe(0, "elsewhere").has_value() && answer.Is(0, "elsewhere");
  return facts;
}

}  // namespace outbox
