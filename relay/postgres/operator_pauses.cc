// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_pauses.h"

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

std::string Columns() {
  return "CASE WHEN c.name <> 'paused' THEN substr(c.name, 8) END AS topic, c.set_by, c.reason, " +
         IsoTime("c.since") + " AS since, " + IsoTime("c.until") + " AS until";
}

PauseEntry ReadEntry(const OperatorAnswer& answer, int row) {
  return {answer.Maybe(row, "topic"), answer.Text(row, "set_by"), answer.Maybe(row, "reason"),
          answer.Text(row, "since"), answer.Maybe(row, "until")};
}

std::string NameOf(const PauseOrder& order) { return order.topic ? "paused:" + *order.topic : "paused"; }

}  // namespace

std::vector<PauseEntry> ReadPauses(OperatorSession& session) {
  const OperatorAnswer answer =
      session.Ask("/* outbox-relay: pauses */ SELECT " + Columns() +
                  " FROM {schema}.outbox_control c WHERE (c.name = 'paused' OR c.name LIKE 'paused:%')"
                  " AND (c.until IS NULL OR c.until > clock_timestamp()) ORDER BY c.name");
  std::vector<PauseEntry> entries;
  for (int row = 0; row < answer.size(); ++row) entries.push_back(ReadEntry(answer, row));
  return entries;
}

PauseEntry SetPause(OperatorSession& session, const Caller& caller, const PauseOrder& order) {
  const std::string sql = R"(/* outbox-relay: pause */
WITH set AS (
  INSERT INTO {schema}.outbox_control AS c (name, value, reason, until)
  VALUES ($1::text, 'on', nullif($2::text, ''),
          clock_timestamp() + nullif($3::text, '')::bigint * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, reason = excluded.reason,
    since = excluded.since, until = excluded.until
  RETURNING c.*
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, reason, detail)
  SELECT $4::uuid, 'pause', $5::text, $6::text, jsonb_build_object('name', c.name), c.reason,
    jsonb_build_object('until', c.until) FROM set c
)
SELECT )" + Columns() + " FROM set c";
  const OperatorAnswer answer = session.Ask(
      sql, {NameOf(order), order.reason.value_or(""), order.span ? std::to_string(order.span->count()) : "",
            caller.task, caller.os_user, caller.host});
  return ReadEntry(answer, 0);
}

std::optional<PauseEntry> EndPause(OperatorSession& session, const Caller& caller, const PauseOrder& order) {
  const std::string sql = R"(/* outbox-relay: resume */
WITH gone AS (
  DELETE FROM {schema}.outbox_control c WHERE c.name = $1::text RETURNING c.*
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, reason)
  SELECT $2::uuid, 'resume', $3::text, $4::text, jsonb_build_object('name', c.name), nullif($5::text, '')
  FROM gone c
)
SELECT )" + Columns() + " FROM gone c WHERE c.until IS NULL OR c.until > clock_timestamp()";
  const OperatorAnswer answer =
      session.Ask(sql, {NameOf(order), caller.task, caller.os_user, caller.host, order.reason.value_or("")});
  if (answer.size() == 0) return std::nullopt;
  return ReadEntry(answer, 0);
}

}  // namespace outbox
