// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_history.h"

#include <algorithm>

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

constexpr std::int64_t kStretch = 10'000;  // rows that one statement walks

// Where a stretch ends is told by the primary key alone, so that what is read has a bound on both sides.
constexpr const char* kStretchEnd = R"((SELECT max(e.id) FROM (
    SELECT b.id FROM {table} b WHERE b.id > $9::bigint AND b.id <= $10::bigint ORDER BY b.id LIMIT $11::bigint) e))";

// $9 to $15 follow the filter's conditions. The stretch's end is told even if nothing in it fits.
std::string WalkSql(bool by_id) {
  return std::string("/* outbox-relay: walk */ WITH stretch AS MATERIALIZED (") +
         R"(
  SELECT w.id, w.status, w.topic, w.key, w.created_at, w.sent_at, w.last_error, w.headers FROM {outbox} w
  WHERE w.id > $9::bigint AND w.id <= )" +
         (by_id ? "$10::bigint AND w.id = ANY($13::bigint[])" : kStretchEnd) + R"(
  ORDER BY w.id LIMIT $11::bigint
), judged AS (
  SELECT o.id, o.topic, o.key, )" +
         FoundRange::Conditions() + R"(
      AND ($12::text = '' OR o.sent_at <= now() - nullif($12::text, '')::bigint * interval '1 millisecond')
      AND (cardinality($13::bigint[]) = 0 OR o.id = ANY($13::bigint[])) AS fits
  FROM stretch o WHERE o.status = 'sent'
    AND ($15::boolean OR NOT coalesce(jsonb_exists(o.headers, 'outbox-relay-replay'), false))
)
SELECT b.upto, j.id, j.topic, j.key, j.fits
FROM (SELECT max(s.id) AS upto FROM stretch s) b
LEFT JOIN judged j ON j.fits OR $14::boolean ORDER BY j.id)";
}

constexpr const char* kPurgeNow = R"(/* outbox-relay: purge by hand */
WITH free AS MATERIALIZED (
  SELECT o.id FROM {outbox} o WHERE o.id = ANY($1::bigint[]) AND o.status = 'sent'
  ORDER BY o.id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM {outbox} o USING free f WHERE o.id = f.id RETURNING o.id
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, reason, detail)
  SELECT $2::uuid, $3::text, $4::text, $5::text, $6::jsonb, count(*), nullif($7::text, ''),
    jsonb_build_object('first', min(g.id), 'last', max(g.id))
  FROM gone g HAVING count(*) > 0
)
SELECT count(*) AS many FROM gone)";

constexpr const char* kReplayNow = R"(/* outbox-relay: replay */
WITH copies AS (
  INSERT INTO {table} (message_id, topic, key, type, payload, payload_bytes, headers)
  SELECT o.message_id, coalesce(nullif($8::text, ''), o.topic), o.key, o.type, o.payload, o.payload_bytes,
    coalesce(o.headers, '{}') || jsonb_build_object('outbox-relay-replay', $2::text)
  FROM {outbox} o WHERE o.id = ANY($1::bigint[]) AND o.status = 'sent' ORDER BY o.id
  RETURNING id
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, reason, detail)
  SELECT $2::uuid, $3::text, $4::text, $5::text, $6::jsonb, count(*), nullif($7::text, ''),
    jsonb_build_object('upto', $9::bigint, 'last', $10::bigint, 'first_copy', min(c.id), 'last_copy', max(c.id))
  FROM copies c
)
SELECT count(*) AS many FROM copies)";

constexpr const char* kTrace = R"(/* outbox-relay: find a replay */
SELECT a.filter, coalesce(a.reason, '') AS reason, a.detail->>'upto' AS upto, a.detail->>'last' AS last
FROM {schema}.outbox_audit a WHERE a.task = $1::uuid AND a.command = 'replay'
ORDER BY (a.detail->>'upto')::bigint DESC LIMIT 1)";

std::int64_t Newest(OperatorSession& session) {
  return session.Ask("/* outbox-relay: newest */ SELECT coalesce(max(o.id), 0) AS newest FROM {table} o")
      .Number(0, "newest");
}

std::vector<std::string> Noted(const std::vector<std::int64_t>& ids, const RepairNote& note) {
  return {ArrayOf(ids),     note.caller.task, note.command, note.caller.os_user,
          note.caller.host, note.filter,      note.reason};
}

}  // namespace

HistoryWalk::HistoryWalk(OperatorSession& session, const FoundRange& range, const WalkOptions& options)
    : session_(session),
      sql_(WalkSql(!range.filter().ids.empty() && !options.all)),
      conditions_(range.ConditionParameters()),
      begin_(std::max(range.first() - 1, options.after)),
      after_(begin_),
      last_(options.last ? *options.last : Newest(session)),
      all_(options.all) {
  if (!all_) last_ = std::min(last_, range.last());
  conditions_.insert(conditions_.end(),
                     {"", "", std::to_string(kStretch),
                      options.sent_before ? std::to_string(options.sent_before->count()) : "",
                      ArrayOf(range.filter().ids), all_ ? "t" : "f", options.originals ? "f" : "t"});
}

std::vector<SentMessage> HistoryWalk::Next() {
  conditions_[8] = std::to_string(after_);
  conditions_[9] = std::to_string(last_);
  const OperatorAnswer answer = session_.Ask(sql_, conditions_);
  after_ = answer.Maybe(0, "upto") ? answer.Number(0, "upto") : last_;
  std::vector<SentMessage> found;
  for (int row = 0; row < answer.size(); ++row) {
    if (!answer.Maybe(row, "id")) continue;
    found.push_back({answer.Number(row, "id"), answer.Text(row, "topic"), answer.Maybe(row, "key"),
                     answer.Is(row, "fits")});
  }
  return found;
}

double HistoryWalk::done() const {
  if (ended()) return 1;
  return static_cast<double>(after_ - begin_) / static_cast<double>(last_ - begin_);
}

std::int64_t PurgeSent(OperatorSession& session, const std::vector<std::int64_t>& ids,
                       const RepairNote& note) {
  return session.Ask(kPurgeNow, Noted(ids, note)).Number(0, "many");
}

std::int64_t ReplaySent(OperatorSession& session, const std::vector<std::int64_t>& ids,
                        const ReplayOrder& order, const RepairNote& note) {
  std::vector<std::string> parameters = Noted(ids, note);
  parameters.insert(parameters.end(),
                    {order.to_topic, std::to_string(ids.back()), std::to_string(order.last)});
  return session.Ask(kReplayNow, parameters).Number(0, "many");
}

std::optional<ReplayTrace> FindReplay(OperatorSession& session, const std::string& task) {
  const OperatorAnswer answer = session.Ask(kTrace, {task});
  if (answer.size() == 0) return std::nullopt;
  return ReplayTrace{answer.Text(0, "filter"), answer.Text(0, "reason"), answer.Number(0, "upto"),
                     answer.Number(0, "last")};
}

}  // namespace outbox
