// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_repairs.h"

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

// A transaction's start is before every later claim, so all of them are due at the same moment.
constexpr const char* kRetryNow = R"(/* outbox-relay: retry */
WITH changed AS (
  UPDATE {waiting} o SET status = 'retrying', next_attempt_at = now(),
    attempts = CASE WHEN o.status = 'failed' THEN 0 ELSE o.attempts END
  WHERE o.id = ANY($1::bigint[]) AND o.lane = $2::smallint AND o.status IN ('retrying', 'failed')
  RETURNING o.id
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, reason)
  SELECT $3::uuid, $4::text, $5::text, $6::text, $7::jsonb, count(*), nullif($8::text, '')
  FROM changed HAVING count(*) > 0
)
SELECT id FROM changed ORDER BY id)";

constexpr const char* kDiscardNow = R"(/* outbox-relay: discard */
WITH free AS MATERIALIZED (
  SELECT o.id FROM {waiting} o
  WHERE o.id = ANY($1::bigint[]) AND o.lane = $2::smallint AND o.status IN ('pending', 'retrying', 'failed')
  ORDER BY o.id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM {waiting} o USING free f WHERE o.id = f.id
  RETURNING o.id, o.message_id, o.topic, o.status, o.last_error
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, reason, detail)
  SELECT $3::uuid, $4::text, $5::text, $6::text, $7::jsonb, count(*), nullif($8::text, ''),
    jsonb_agg(jsonb_build_object('id', g.id, 'message_id', g.message_id, 'topic', g.topic, 'status', g.status,
                                 'error', g.last_error) ORDER BY g.id)
  FROM gone g HAVING count(*) > 0
)
SELECT id FROM gone ORDER BY id)";

// Units are numbered; messages without a key follow, as one.
constexpr const char* kPlanRetry = R"(, chosen AS (
  SELECT o.id, o.lane, o.topic, o.key FROM found f JOIN {waiting} o ON o.id = f.id
  WHERE o.status IN ('retrying', 'failed')
), whole AS (
  SELECT c.id, c.topic, c.key FROM chosen c WHERE c.key IS NULL
  UNION ALL
  SELECT o.id, o.topic, o.key FROM (SELECT DISTINCT c.lane, c.topic, c.key FROM chosen c WHERE c.key IS NOT NULL) u
  CROSS JOIN LATERAL (
    SELECT w.id, w.topic, w.key FROM {waiting} w WHERE w.lane = u.lane AND w.topic = u.topic AND w.key = u.key
      AND w.status IN ('retrying', 'failed') OFFSET 0) o
)
SELECT w.id, dense_rank() OVER (ORDER BY w.key IS NULL, CASE WHEN w.key IS NOT NULL THEN w.topic END, w.key) AS unit
FROM whole w ORDER BY unit, w.id)";

constexpr const char* kPlanDiscard = R"(
SELECT o.id, 0 AS unit FROM found f JOIN {waiting} o ON o.id = f.id
WHERE o.status IN ('pending', 'retrying', 'failed') ORDER BY o.id)";

constexpr const char* kUnit = R"(/* outbox-relay: what waits in a unit */
SELECT o.id FROM {waiting} o WHERE o.lane = $1::smallint AND o.topic = $2::text AND o.key = $3::text
  AND o.status IN ('retrying', 'failed') ORDER BY o.id)";

std::vector<std::int64_t> IdsOf(const OperatorAnswer& answer) {
  std::vector<std::int64_t> ids;
  for (int row = 0; row < answer.size(); ++row) ids.push_back(answer.Number(row, "id"));
  return ids;
}

// Units stay whole where they fit; the ids of a unit stand together, and ascend.
std::vector<RepairBatch> Packed(const OperatorAnswer& answer, int lane) {
  std::vector<RepairBatch> batches;
  for (int row = 0; row < answer.size();) {
    std::vector<std::int64_t> unit;
    const std::int64_t number = answer.Number(row, "unit");
    for (; row < answer.size() && unit.size() < kMostRepaired && answer.Number(row, "unit") == number; ++row)
      unit.push_back(answer.Number(row, "id"));
    if (batches.empty() || batches.back().ids.size() + unit.size() > kMostRepaired)
      batches.push_back({lane, {}});
    batches.back().ids.insert(batches.back().ids.end(), unit.begin(), unit.end());
  }
  return batches;
}

std::vector<std::int64_t> Change(LaneHold& hold, Repair repair, const std::vector<std::int64_t>& ids,
                                 const RepairNote& note) {
  return IdsOf(hold.Ask(repair == Repair::kRetry ? kRetryNow : kDiscardNow,
                        {ArrayOf(ids), std::to_string(hold.lane()), note.caller.task, note.command,
                         note.caller.os_user, note.caller.host, note.filter, note.reason}));
}

}  // namespace

std::vector<RepairBatch> PlanRepair(OperatorSession& session, const FoundRange& range, Repair repair,
                                    int lane) {
  const std::string rest = repair == Repair::kRetry ? kPlanRetry : kPlanDiscard;
  return Packed(session.Ask("/* outbox-relay: plan a repair */ " + range.Sql(session) + rest,
                            range.Parameters({lane}, INT64_MAX)),
                lane);
}

std::vector<std::int64_t> ApplyRepair(OperatorSession& session, Repair repair, const RepairBatch& batch,
                                      const RepairNote& note) {
  LaneHold hold(session, batch.lane);
  std::vector<std::int64_t> ids = Change(hold, repair, batch.ids, note);
  hold.Commit();
  return ids;
}

std::vector<std::int64_t> UnblockUnit(OperatorSession& session, Repair repair, const MessageState& of,
                                      const RepairNote& note) {
  LaneHold hold(session, of.lane);
  const std::vector<std::int64_t> waiting =
      IdsOf(hold.Ask(kUnit, {std::to_string(of.lane), of.topic, of.key.value()}));
  std::vector<std::int64_t> ids = Change(hold, repair, waiting, note);
  // Half of a key is worse than none of it.
  if (ids.size() != waiting.size()) {
    throw LaneBusy(of.lane, "lane " + std::to_string(of.lane) +
                                " is busy: another transaction has locked a message of this key");
  }
  hold.Commit();
  return ids;
}

}  // namespace outbox
