// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_statements.h"

#include "postgres/control.h"
#include "postgres/last_drawn.h"
#include "postgres/marker.h"

namespace outbox {
namespace {

constexpr const char* kLook = R"(/* outbox-relay: look */
SELECT s.last_drawn, pg_current_snapshot()::text AS snapshot, {marker} AS marker,
  (date_part('epoch', clock_timestamp()) * 1000000)::bigint AS now,
  EXISTS (SELECT FROM {schema}.outbox_parked WHERE status = 'pending')
    OR EXISTS (SELECT FROM {schema}.outbox_parked WHERE status = 'retrying') AS parked,
  {control} AS control
FROM {last_drawn} s)";

// Must have ended before the snapshot of a tick is taken. To lose it in a crash costs nothing.
constexpr const char* kOwnXid = R"(/* outbox-relay: tick */
SELECT set_config('synchronous_commit', 'off', true), pg_current_xact_id()::text AS xid, {marker} AS marker)";

// How a read is told what to read. The text of the COPY must not change with each read, or each would be
// another statement to pg_stat_statements; and COPY has no parameters. Where the marker is another one, this
// is another server than the one that the snapshot was taken on, and it may lack what that has seen.
constexpr const char* kReadSettings = R"(/* outbox-relay: read what */
SELECT set_config('outbox_relay.above', '{above}', true), set_config('outbox_relay.upto', '{upto}', true),
  set_config('outbox_relay.now', '{now}', true), set_config('outbox_relay.before', '{before}', true),
  set_config('outbox_relay.rows', '{rows}', true), set_config('outbox_relay.fits', '{fits}', true),
  set_config('outbox_relay.bytes', '{bytes}', true),
  set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('jit', 'off', true), set_config('statement_timeout', '{timeout}', true), {marker};)";

// What every row costs is the price of this mode. So large payloads, which are rare, are left out, and the
// careful form is used where there are any: it stops at a number of bytes, for a third more of the
// server's time.
constexpr const char* kReadLog = R"(/* outbox-relay: read */
COPY (
  SELECT {columns}
  FROM {schema}.outbox o
  WHERE {due}
  ORDER BY o.id LIMIT current_setting('outbox_relay.rows')::integer
) TO STDOUT (FORMAT binary))";
constexpr const char* kReadLogCarefully = R"(/* outbox-relay: read carefully */
COPY (
  SELECT {columns}
  FROM (
    SELECT c.*, sum(c.size) OVER (ORDER BY c.id ROWS UNBOUNDED PRECEDING) - c.size AS before
    FROM (
      SELECT o.*, CASE WHEN z.size > {fits} THEN 0 ELSE z.size END AS size
      FROM {schema}.outbox o
      CROSS JOIN LATERAL (SELECT coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0) AS size) z
      WHERE {due}
      ORDER BY o.id LIMIT current_setting('outbox_relay.rows')::integer) c) o
  WHERE o.before < current_setting('outbox_relay.bytes')::bigint
  ORDER BY o.id
) TO STDOUT (FORMAT binary))";
// As LogRows reads them. jsonb goes in its binary form, and a uuid as 16 bytes: what must be made a text is
// made one where that is cheaper.
constexpr const char* kLogColumns = R"(o.id,
    CASE WHEN o.key IS NULL THEN o.id & 63 ELSE hashtextextended(o.key, 0) & 63 END AS lane, o.created_at,
    CASE WHEN coalesce(octet_length(o.payload), octet_length(o.payload_bytes)) > {fits}
         THEN coalesce(octet_length(o.payload), octet_length(o.payload_bytes))::bigint END AS oversize,
    o.message_id, o.topic, o.key, o.type, o.headers,
    CASE WHEN octet_length(o.payload) <= {fits} THEN o.payload END AS payload,
    CASE WHEN octet_length(o.payload_bytes) <= {fits} THEN o.payload_bytes END AS payload_bytes)";
// Scalar subqueries, to be evaluated once and not for each row. What a setting says the planner does not
// know, so it would plan for every partition, at 35 us each; by wide bounds that stand in the text, and
// change once in ten million ids, it leaves out the others.
constexpr std::int64_t kPlannedIds = 10'000'000;  // as many as a partition has, unless told otherwise
constexpr const char* kDue =
    "o.id > {planned_above} AND o.id <= {planned_upto}"
    " AND o.id > current_setting('outbox_relay.above')::bigint"
    " AND o.id <= current_setting('outbox_relay.upto')::bigint"
    " AND pg_visible_in_snapshot(o.xid, (SELECT current_setting('outbox_relay.now')::pg_snapshot))";
constexpr const char* kLate =
    " AND NOT pg_visible_in_snapshot(o.xid, (SELECT current_setting('outbox_relay.before')::pg_snapshot))";
constexpr const char* kFits = "(SELECT current_setting('outbox_relay.fits')::bigint)";

constexpr const char* kLoad = R"(/* outbox-relay: load progress */
SELECT p.version, p.snapshot::text AS snapshot, p.upto, p.next_snapshot::text AS next_snapshot, p.last_drawn,
  p.late_from, p.phase, p.last_id, p.pairs, {elsewhere} AS elsewhere, {marker} AS marker,
  date_part('epoch', pg_postmaster_start_time())::text AS server
FROM {schema}.outbox_progress p)";

constexpr const char* kMove = R"(/* outbox-relay: move progress */
UPDATE {schema}.outbox_progress SET version = version + 1, writer = $2::uuid, snapshot = nullif($3, '')::pg_snapshot,
  upto = $4::bigint, next_snapshot = nullif($5, '')::pg_snapshot, last_drawn = nullif($6, '')::bigint,
  late_from = nullif($7, '')::bigint, phase = nullif($8, ''), last_id = nullif($9, '')::bigint, pairs = $10,
  moved_at = clock_timestamp()
WHERE version = $1::bigint AND {marker} = $11::uuid)";

constexpr const char* kMoved = R"(/* outbox-relay: progress moved? */
SELECT version, writer::text AS writer, {marker} AS marker FROM {schema}.outbox_progress)";

constexpr const char* kPark = R"(/* outbox-relay: park */
INSERT INTO {schema}.outbox_parked (xid, id, message_id, topic, key, type, payload, payload_bytes, headers, created_at,
  status, attempts, next_attempt_at, last_error)
SELECT o.xid, o.id, o.message_id, o.topic, o.key, o.type, o.payload, o.payload_bytes, o.headers, o.created_at,
  v.status::{schema}.outbox_message_status, v.attempts,
  CASE WHEN v.status = 'retrying' THEN clock_timestamp() + v.delay * interval '1 millisecond' END, nullif(v.error, '')
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::text[]) AS v(id, status, attempts, delay, error)
CROSS JOIN LATERAL (SELECT * FROM {schema}.outbox o WHERE o.id = v.id) o)";

constexpr const char* kUnits = R"(/* outbox-relay: parked units */
SELECT u.topic, u.key, m.marker
FROM (SELECT {marker} AS marker) m LEFT JOIN (
  SELECT DISTINCT topic, key FROM {schema}.outbox_parked
  WHERE key IS NOT NULL AND (status IN ('pending', 'retrying') OR status = 'failed' AND $1::boolean)) u ON true)";

constexpr const char* kSample = R"(/* outbox-relay: sample */
WITH here AS (
  SELECT coalesce(CASE WHEN phase = 'new' THEN last_id END, upto) AS id FROM {schema}.outbox_progress
), oldest AS (
  SELECT o.created_at FROM {schema}.outbox o WHERE o.id > (SELECT id FROM here) AND isfinite(o.created_at)
  ORDER BY o.id LIMIT 1
)
SELECT
  (SELECT count(*) FROM (SELECT FROM {schema}.outbox o WHERE o.id > (SELECT id FROM here) ORDER BY o.id LIMIT 2001) p)
    + (SELECT count(*) FROM (SELECT FROM {schema}.outbox_parked WHERE status = 'pending' LIMIT 2001) q) AS pending,
  (SELECT s.last_value - (SELECT id FROM here) FROM {schema}.outbox_id_seq s)
    + (SELECT CASE WHEN count(*) > 2000
         THEN (SELECT greatest(c.reltuples, 2001)::bigint FROM pg_class c WHERE c.oid = '{schema}.outbox_parked'::regclass)
         ELSE count(*) END
       FROM (SELECT FROM {schema}.outbox_parked WHERE status = 'pending' LIMIT 2001) q) AS estimate,
  (SELECT count(*) FROM (SELECT FROM {schema}.outbox_parked WHERE status = 'retrying' LIMIT 1000) r) AS retrying,
  (SELECT count(*) FROM (SELECT FROM {schema}.outbox_parked WHERE status = 'failed' LIMIT 1000) f) AS failed,
  (SELECT count(*) FROM (SELECT DISTINCT topic, key FROM (SELECT topic, key FROM {schema}.outbox_parked
     WHERE key IS NOT NULL AND (status <> 'failed' OR EXISTS (
       SELECT FROM {schema}.outbox_control WHERE name = 'on_failed' AND value = 'block')) LIMIT 1000) b) u) AS blocked,
  (SELECT (date_part('epoch', clock_timestamp() - created_at) * 1000000)::bigint FROM oldest) AS oldest,
  (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint + pg_total_relation_size('{schema}.outbox_parked'::regclass)
     FROM pg_inherits WHERE inhparent = '{schema}.outbox'::regclass) AS size,
  pg_stat_get_dead_tuples('{schema}.outbox_parked'::regclass) + pg_stat_get_dead_tuples('{schema}.outbox_progress'::regclass) AS dead,
  (SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'MEMBER') THEN
     coalesce(max(date_part('epoch', clock_timestamp() - a.xact_start)), 0)::bigint END
     FROM pg_stat_activity a WHERE a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AS oldest_transaction,
  (SELECT max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(\d+)''\)'))[1]::bigint) - 1 - s.last_value
     FROM {schema}.outbox_id_seq s, pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = '{schema}.outbox'::regclass GROUP BY s.last_value) AS ids_left,
  (SELECT max(version) FROM {schema}.outbox_version) AS version)";

// What is parked has an order only within a lane, and needs none here.
constexpr const char* kTopics = R"(/* outbox-relay: topics */
SELECT m.topic, count(*) AS pending, bool_or(m.place = 5000) AS cut,
  (date_part('epoch', clock_timestamp() - min(m.created_at) FILTER (WHERE isfinite(m.created_at))) * 1000000)::bigint AS oldest
FROM (
  (SELECT o.topic, o.created_at, row_number() OVER (ORDER BY o.id) AS place FROM {schema}.outbox o
   WHERE o.id > (SELECT coalesce(CASE WHEN phase = 'new' THEN last_id END, upto) FROM {schema}.outbox_progress)
   ORDER BY o.id LIMIT 5000)
  UNION ALL
  (SELECT p.topic, p.created_at, row_number() OVER () FROM {schema}.outbox_parked p WHERE p.status = 'pending' LIMIT 5000)) m
GROUP BY m.topic ORDER BY pending DESC, m.topic LIMIT 100)";

// The guard's transaction writes nothing and so has no xid; between statements it has no snapshot either. Nor
// does it lock a table, for whoever alters one would wait for ever: so it is not the marker that names the
// server. Where there is a limit to a transaction's length, this one has none.
constexpr const char* kGuard = R"(/* outbox-relay: guard */
SELECT pg_try_advisory_xact_lock('{schema}.outbox'::regclass::oid::integer, 1002) AS ours,
  date_part('epoch', pg_postmaster_start_time())::text AS server,
  (SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout') AS unlimited)";

}  // namespace

std::string LogStatements::Read(const LogRead& what) const {
  const bool late = !what.before.empty();
  const std::string settings = Fill(read_settings, {{"above", std::to_string(what.above)},
                                                    {"upto", std::to_string(what.upto)},
                                                    {"now", what.now},
                                                    {"before", what.before},
                                                    {"rows", std::to_string(what.rows)},
                                                    {"fits", std::to_string(what.fits)},
                                                    {"bytes", std::to_string(what.bytes)},
                                                    {"timeout", std::to_string(what.timeout.count())}});
  const std::string& read =
      what.carefully ? (late ? read_late_carefully : read_new_carefully) : (late ? read_late : read_new);
  return settings + Fill(read, {{"planned_above", std::to_string(what.above / kPlannedIds * kPlannedIds)},
                                {"planned_upto",
                                 std::to_string((what.upto + kPlannedIds - 1) / kPlannedIds * kPlannedIds)}});
}

LogStatements::LogStatements(const std::string& schema_name) {
  const std::string schema = QuotedName(schema_name);
  const auto fill = [&](const char* name, const std::string& text) {
    return Statement{name, Fill(text, {{"control", kControl},
                                       {"elsewhere", kLogElsewhere},
                                       {"last_drawn", kLastDrawn},
                                       {"marker", kMarker},
                                       {"schema", schema}})};
  };
  const auto read = [&](const char* text, const char* late) {
    return Fill(
        text,
        {{"columns", kLogColumns}, {"due", std::string(kDue) + late}, {"fits", kFits}, {"schema", schema}});
  };
  look = fill("log_look", kLook);
  own_xid = fill("log_xid", kOwnXid);
  snapshot =
      fill("log_snapshot",
           "/* outbox-relay: snapshot */ SELECT pg_current_snapshot()::text AS snapshot, {marker} AS marker");
  read_settings = Fill(kReadSettings, {{"marker", kMarker}, {"schema", schema}});
  read_new = read(kReadLog, "");
  read_late = read(kReadLog, kLate);
  read_new_carefully = read(kReadLogCarefully, "");
  read_late_carefully = read(kReadLogCarefully, kLate);
  load = fill("log_load", kLoad);
  move = fill("log_move", kMove);
  moved = fill("log_moved", kMoved);
  park = fill("log_park", kPark);
  parked_size = fill("log_parked_size",
                     "/* outbox-relay: parked size */ SELECT"
                     " pg_total_relation_size('{schema}.outbox_parked'::regclass)");
  units = fill("log_units", kUnits);
  sample = fill("log_sample", kSample);
  topics = fill("log_topics", kTopics);
  make_partitions =
      fill("log_partitions", "/* outbox-relay: partitions */ SELECT {schema}.outbox_make_partitions()");
  drop_partitions =
      fill("log_drop",
           "/* outbox-relay: drop partitions */ SELECT"
           " {schema}.outbox_drop_partitions(make_interval(secs => $1::double precision)) AS gone");
  guard = fill("log_guard", kGuard);
  set_marker = Fill(kSetMarker, {{"schema", schema}});
}

}  // namespace outbox
