// SPDX-License-Identifier: Apache-2.0
#include "postgres/statements.h"

#include "postgres/control.h"
#include "postgres/last_drawn.h"
#include "postgres/marker.h"
#include "postgres/mutated_sql.h"

namespace outbox {

std::string Fill(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [name, value] : values) {
    const std::string hole = "{" + name + "}";
    for (std::size_t at = text.find(hole); at != std::string::npos; at = text.find(hole, at + value.size())) {
      text.replace(at, hole.size(), value);
    }
  }
  return text;
}

namespace {

// A message waits if later ones of its unit may not pass it.
constexpr const char* kWaitsSkip = "status = 'retrying'";
constexpr const char* kWaitsBlock = "status IN ('retrying', 'failed')";

// The last id that was drawn is read before our own xid is assigned: the CASE sees to it.
// The snapshot is that of this statement, so not younger than the reads that follow.
// Scalar subqueries with LIMIT, because EXISTS may be planned as a hash of all rows.
constexpr const char* kTake = R"(/* outbox-relay: take lanes */
WITH work AS MATERIALIZED (
  SELECT l.lane,
    (SELECT true FROM {outbox} o WHERE o.lane = l.lane AND o.status = 'pending' AND o.id > l.start LIMIT 1) AS fresh,
    (SELECT true FROM {outbox} o WHERE o.lane = l.lane AND o.status = 'retrying' AND o.next_attempt_at <= now() LIMIT 1) AS due,
    CASE WHEN l.waiting <> '' THEN l.waiting <> (
      SELECT count(*) || ':' || coalesce(sum(w.id), 0)
      FROM (SELECT o.id FROM {outbox} o WHERE o.lane = l.lane AND o.{waits} LIMIT 101) w) END AS released
  FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS l(lane, start, waiting)
), wanted AS MATERIALIZED (
  SELECT lane FROM work WHERE fresh OR due OR released
), taken AS MATERIALIZED (
  SELECT lane FROM wanted WHERE pg_try_advisory_xact_lock({class}, lane) LIMIT $4::integer
)
SELECT t.lanes, t.many, (SELECT count(*) FROM wanted) AS wanted, s.last_drawn,
  CASE WHEN t.many > 0 AND s.last_drawn >= 0 THEN pg_current_xact_id()::text END AS xid,
  pg_current_snapshot()::text AS snapshot,
  (date_part('epoch', clock_timestamp()) * 1000000)::bigint AS now,
  {marker} AS marker,
  {control} AS control
FROM (SELECT string_agg(lane::text, ',') AS lanes, count(*) AS many FROM taken) t,
     {last_drawn} s)";

// Ids first, locks second, of one snapshot: a row that somebody else has locked is seen to be missing.
// The first subquery also finds where the lane must be cut to stay within its bytes.
constexpr const char* kRead = R"(/* outbox-relay: claim */
WITH seen AS MATERIALIZED (
  SELECT l.ord, l.lane, l.start, w.waiting, s.n, s.upto, s.bytes, s.cut
  FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS l(lane, start, ord)
  CROSS JOIN LATERAL (SELECT {waiting} AS waiting OFFSET 0) w
  CROSS JOIN LATERAL (
    SELECT count(*) AS n, max(c.id) AS upto, coalesce(sum(c.size), 0)::bigint AS bytes, count(*) = $3::integer AS cut
    FROM ({candidates}) c) all_rows
  CROSS JOIN LATERAL (
    SELECT all_rows.n, all_rows.upto, all_rows.bytes, all_rows.cut WHERE all_rows.bytes <= $4::bigint
    UNION ALL
    SELECT count(*), max(d.id), sum(d.size)::bigint, true
    FROM (SELECT c.id, c.size, sum(c.size) OVER (ORDER BY c.id) AS upto, row_number() OVER (ORDER BY c.id) AS place
          FROM ({candidates}) c WHERE all_rows.bytes > $4::bigint) d
    WHERE d.upto <= $4::bigint OR d.place = 1
    HAVING all_rows.bytes > $4::bigint) s
), fit AS (
  SELECT *, (sum(bytes) OVER (ORDER BY ord) - bytes)::bigint AS before FROM seen
), told AS MATERIALIZED (
  SELECT lane, start, upto, before,
    concat_ws(' ', lane, n, cut::integer, coalesce(waiting, false)::integer, (before >= $7::bigint)::integer, upto) AS facts
  FROM fit
)
SELECT f.facts, o.*
FROM told f LEFT JOIN LATERAL (
  SELECT {columns}
  FROM {outbox} o
  WHERE f.before < $7::bigint AND {due} AND o.id <= f.upto
  ORDER BY o.id FOR UPDATE SKIP LOCKED) o ON true)";

constexpr const char* kCandidates = R"(SELECT o.id,
        CASE WHEN z.size > $5::bigint THEN 0 ELSE z.size END AS size
      FROM {outbox} o
      CROSS JOIN LATERAL (SELECT coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0) AS size) z
      WHERE {only_if} AND {due} ORDER BY o.id LIMIT $3::integer)";

// Producers choose it, and a date that is infinite or that no bigint can hold must not fail the claim.
// Kafka has no dates before 1970, and librdkafka takes a zero for now.
constexpr const char* kCreated =
    "greatest(least(o.created_at, timestamptz '9999-12-31 00:00:00+00'), timestamptz '1970-01-01 "
    "00:00:00.001+00')";

// {max} is the longest payload that is fetched. What has no spaces comes as one text, because a column
// costs server, libpq and relay more than what stands in it; the last word is there only if oversize.
constexpr const char* kColumns =
    R"(concat_ws(' ', o.id, o.message_id, (date_part('epoch', {created}) * 1000000)::bigint,
      CASE WHEN coalesce(octet_length(o.payload), octet_length(o.payload_bytes)) > {max}
           THEN coalesce(octet_length(o.payload), octet_length(o.payload_bytes)) END) AS head,
    o.topic, o.key, o.type, o.headers,
    CASE WHEN octet_length(o.payload) <= {max} THEN o.payload END AS payload,
    CASE WHEN octet_length(o.payload_bytes) <= {max} THEN o.payload_bytes END AS payload_bytes)";

constexpr const char* kDue =
    "o.lane = {lane} AND o.status = 'pending' AND o.id > {start} AND o.topic <> ALL({held}::text[])";

// Behind a waiting message of its unit a row is not due. Without a key there is no unit.
constexpr const char* kNotBehind =
    " AND NOT EXISTS (SELECT FROM {outbox} b WHERE b.lane = o.lane AND b.topic = o.topic AND b.key = o.key"
    " AND b.id < o.id AND b.{waits})";

constexpr const char* kWaiting = R"(/* outbox-relay: waiting messages */
SELECT l.lane, w.id, w.topic, w.key
FROM unnest($1::smallint[]) AS l(lane)
CROSS JOIN LATERAL (SELECT o.id, o.topic, o.key FROM {outbox} o WHERE o.lane = l.lane AND o.{waits} LIMIT 101) w)";

// Due again, and nothing of the unit before it still waits for its time. Candidates that could not be
// locked come back without a head.
constexpr const char* kRetries = R"(/* outbox-relay: claim retries */
WITH candidates AS MATERIALIZED (
  SELECT l.lane, c.id, c.topic, c.key
  FROM unnest($1::smallint[]) AS l(lane)
  CROSS JOIN LATERAL (
    SELECT o.id, o.topic, o.key FROM {outbox} o
    WHERE o.lane = l.lane AND o.status = 'retrying' AND o.next_attempt_at <= now() AND o.topic <> ALL($4::text[])
      AND NOT EXISTS (SELECT FROM {outbox} b WHERE b.lane = o.lane AND b.topic = o.topic AND b.key = o.key
                      AND b.id < o.id AND b.{waits} AND (b.status <> 'retrying' OR b.next_attempt_at > now()))
    ORDER BY o.id LIMIT $2::integer) c
  LIMIT $2::integer
)
SELECT c.lane, c.topic AS candidate_topic, c.key AS candidate_key, o.*
FROM candidates c LEFT JOIN LATERAL (
  SELECT o.attempts, {columns}
  FROM {outbox} o WHERE o.id = c.id AND o.status = 'retrying' FOR UPDATE SKIP LOCKED) o ON true)";

constexpr const char* kSeen = R"(/* outbox-relay: rows locked by others */
SELECT o.id, o.topic, o.key FROM {outbox} o
WHERE {due} AND o.id <= $3::bigint ORDER BY o.id)";

constexpr const char* kSentMark = R"(/* outbox-relay: settle sent */
UPDATE {outbox} SET status = 'sent', sent_at = clock_timestamp(), next_attempt_at = NULL WHERE id = ANY($1::bigint[]))";
constexpr const char* kSentDelete = R"(/* outbox-relay: settle sent */
DELETE FROM {outbox} WHERE id = ANY($1::bigint[]))";

constexpr const char* kRetry = R"(/* outbox-relay: settle retry */
UPDATE {outbox} o SET status = 'retrying', attempts = o.attempts + 1, last_error = v.error,
  next_attempt_at = clock_timestamp() + v.delay * interval '1 millisecond'
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS v(id, delay, error) WHERE o.id = v.id)";

constexpr const char* kFailed = R"(/* outbox-relay: settle failed */
UPDATE {outbox} o SET status = 'failed', attempts = o.attempts + 1, last_error = v.error, next_attempt_at = NULL
FROM unnest($1::bigint[], $2::text[]) AS v(id, error) WHERE o.id = v.id)";

// Costs the same whatever the table holds: probes of the pending index from the floors, and counts
// that stop. Below a floor nothing is unsent. The first 101 rows of a lane are looked at for one
// that is due; if all of them are held, its due age is unknown.
constexpr const char* kSample = R"(/* outbox-relay: sample */
WITH lanes AS (
  SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS l(lane, floor)
), block AS (
  SELECT EXISTS (SELECT FROM {schema}.outbox_control WHERE name = 'on_failed' AND value = 'block') AS on
), heads AS MATERIALIZED (
  SELECT l.lane, h.id, h.created_at, d.created_at AS due_created_at,
    CASE WHEN h.id IS NOT NULL AND d.created_at IS NULL THEN (SELECT true FROM {outbox} o
      WHERE o.lane = l.lane AND o.status = 'pending' AND o.id > l.floor ORDER BY o.id OFFSET 100 LIMIT 1) END AS unknown
  FROM lanes l
  LEFT JOIN LATERAL (SELECT o.id, {created} AS created_at FROM {outbox} o
    WHERE o.lane = l.lane AND o.status = 'pending' AND o.id > l.floor ORDER BY o.id LIMIT 1) h ON true
  LEFT JOIN LATERAL (
    SELECT f.created_at
    FROM (SELECT {created} AS created_at, o.topic <> ALL($3::text[]) AND NOT EXISTS (
             SELECT FROM {outbox} b WHERE b.lane = o.lane AND b.topic = o.topic AND b.key = o.key AND b.id < o.id
               AND b.status IN ('retrying', 'failed') AND (b.status = 'retrying' OR (SELECT block.on FROM block))) AS due
          FROM {outbox} o WHERE h.id IS NOT NULL AND o.lane = l.lane AND o.status = 'pending' AND o.id > l.floor
          ORDER BY o.id LIMIT 101) f
    WHERE f.due LIMIT 1) d ON true
)
SELECT
  (SELECT count(*) FROM (SELECT FROM lanes l CROSS JOIN LATERAL (SELECT FROM {outbox} o
     WHERE o.lane = l.lane AND o.status = 'pending' AND o.id > l.floor LIMIT 2001) p LIMIT 2001) c) AS pending,
  (SELECT coalesce(avg(CASE WHEN h.id IS NULL THEN 0 ELSE s.last_value - h.id + 1 END), 0)::bigint
     FROM heads h, {schema}.outbox_id_seq s) AS estimate,
  (SELECT count(*) FROM (SELECT FROM {outbox} WHERE status = 'retrying' LIMIT 1000) r) AS retrying,
  (SELECT least(1000, count(*) FILTER (WHERE status = 'failed'))
     FROM (SELECT status FROM {outbox} WHERE status IN ('retrying', 'failed') LIMIT 10000) f) AS failed,
  (SELECT count(*) FROM (SELECT DISTINCT topic, key FROM (
     SELECT topic, key FROM {outbox} o WHERE o.status IN ('retrying', 'failed') AND o.key IS NOT NULL
       AND (o.status = 'retrying' OR (SELECT block.on FROM block)) LIMIT 1000) b) u) AS blocked,
  (SELECT (date_part('epoch', clock_timestamp() - min(created_at)) * 1000000)::bigint FROM heads) AS oldest,
  (SELECT (date_part('epoch', clock_timestamp() - min(due_created_at)) * 1000000)::bigint FROM heads) AS lag,
  (SELECT bool_or(unknown) FROM heads) AS lag_unknown,
  (SELECT (date_part('epoch', clock_timestamp() - min(next_attempt_at)) * 1000000)::bigint
     FROM {outbox} WHERE status = 'retrying' AND next_attempt_at <= now()) AS retry_lag,
  pg_total_relation_size('{outbox}'::regclass) AS size,
  pg_stat_get_dead_tuples('{outbox}'::regclass) AS dead,
  (SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'MEMBER') THEN
     coalesce(max(date_part('epoch', clock_timestamp() - a.xact_start)), 0)::bigint END
     FROM pg_stat_activity a WHERE a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AS oldest_transaction,
  (SELECT max(version) FROM {schema}.outbox_version) AS version)";

// The oldest of each lane, because what is pending has an order only there. 64 times 156 is 10,000. Ordered
// by lane, too, so that the planner does not take the primary key, and walk through other lanes and history.
constexpr const char* kTopics = R"(/* outbox-relay: topics */
SELECT p.topic, count(*) AS pending, bool_or(p.place = 156) AS cut,
  (date_part('epoch', clock_timestamp() - min(p.created_at)) * 1000000)::bigint AS oldest
FROM unnest($1::smallint[], $2::bigint[]) AS l(lane, floor)
CROSS JOIN LATERAL (
  SELECT o.topic, {created} AS created_at, row_number() OVER (ORDER BY o.lane, o.id) AS place
  FROM {outbox} o WHERE o.lane = l.lane AND o.status = 'pending' AND o.id > l.floor
  ORDER BY o.lane, o.id LIMIT 156) p
GROUP BY p.topic ORDER BY pending DESC, p.topic LIMIT 100)";

// A key says whom a message is about, so it leaves the database as a hash only.
constexpr const char* kRefused = R"(/* outbox-relay: refused messages */
WITH newest AS MATERIALIZED (
  SELECT id FROM (SELECT id FROM {outbox} WHERE status IN ('retrying', 'failed') LIMIT 10000) r
  ORDER BY id DESC LIMIT 20
)
SELECT o.id, o.topic, left(encode(sha256(convert_to(o.key, 'UTF8')), 'hex'), 12) AS key_hash, o.status, o.attempts,
  (date_part('epoch', clock_timestamp() - {created}) * 1000000)::bigint AS age,
  (date_part('epoch', least(o.next_attempt_at, clock_timestamp() + interval '1 year') - clock_timestamp())
     * 1000000)::bigint AS due_in,
  left(o.last_error, 300) AS error
FROM newest n JOIN {outbox} o ON o.id = n.id WHERE o.status IN ('retrying', 'failed') ORDER BY o.id DESC)";

// One relay purges at a time. The walk tells how far it came and whether it met a row that is too young.
constexpr const char* kPurge = R"(/* outbox-relay: purge */
WITH turn AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock({class}, 1001) AS ours
), walk AS MATERIALIZED (
  SELECT o.id, o.status, o.sent_at < clock_timestamp() - $3::bigint * interval '1 second' AS old
  FROM {outbox} o WHERE o.id > $1::bigint AND (SELECT ours FROM turn) ORDER BY o.id LIMIT $2::integer
), gone AS (
  DELETE FROM {outbox} o USING walk w WHERE o.id = w.id AND w.status = 'sent' AND w.old AND o.status = 'sent' RETURNING o.id
)
SELECT (SELECT count(*) FROM gone) AS deleted, (SELECT count(*) FROM walk) AS walked, (SELECT max(id) FROM walk) AS upto,
  (SELECT min(id) FROM walk WHERE status = 'sent' AND NOT old) AS young)";

}  // namespace

std::string MessageColumns(const std::string& max) {
  return Fill(kColumns, {{"max", max}, {"created", kCreated}});
}

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

Statements::Statements(const std::string& schema_name, Completion completion) {
  const std::string schema = QuotedName(schema_name);
  // Of a log only what is parked is served this way.
  const std::string outbox = schema + (completion == Completion::kLog ? ".outbox_parked" : ".outbox");
  const std::string regclass = "'" + schema + ".outbox'::regclass::oid::integer";
  const auto fill = [&](const char* name, std::string text, const std::string& waits) {
    text = Mutated(std::move(text));
    return Statement{name, Fill(std::move(text), {{"outbox", outbox},
                                                  {"control", kControl},
                                                  {"last_drawn", kLastDrawn},
                                                  {"marker", kMarker},
                                                  {"schema", schema},
                                                  {"class", regclass},
                                                  {"waits", waits},
                                                  {"created", kCreated}})};
  };
  const auto read = [&](const char* name, const std::string& waits, bool careful, const std::string& more) {
    const std::string due = Fill(kDue, {{"held", "$6"}}) + (careful ? kNotBehind : "") + more;
    const std::string candidates =
        Fill(kCandidates, {{"only_if", careful ? "true" : "w.waiting IS NULL"},
                           {"due", Fill(due, {{"lane", "l.lane"}, {"start", "l.start"}})}});
    const std::string waiting =
        careful ? "NULL::boolean"
                : "(SELECT true FROM {outbox} o WHERE o.lane = l.lane AND o.{waits} LIMIT 1)";
    return fill(name,
                Fill(kRead, {{"waiting", waiting},
                             {"candidates", candidates},
                             {"due", Fill(due, {{"lane", "f.lane"}, {"start", "f.start"}})},
                             {"columns", Fill(kColumns, {{"max", "$5::bigint"}})}}),
                waits);
  };
  take_skip = fill("take_skip", kTake, kWaitsSkip);
  take_block = fill("take_block", kTake, kWaitsBlock);
  read_skip = read("read_skip", kWaitsSkip, false, "");
  read_block = read("read_block", kWaitsBlock, false, "");
  read_careful_skip = read("read_careful_skip", kWaitsSkip, true, "");
  read_careful_block = read("read_careful_block", kWaitsBlock, true, "");
  trial_skip = read("trial_skip", kWaitsSkip, true, " AND o.topic = $8::text");
  trial_block = read("trial_block", kWaitsBlock, true, " AND o.topic = $8::text");
  only_skip = read("only_skip", kWaitsSkip, false, " AND o.topic = $8::text");
  only_block = read("only_block", kWaitsBlock, false, " AND o.topic = $8::text");
  waiting_skip = fill("waiting_skip", kWaiting, kWaitsSkip);
  waiting_block = fill("waiting_block", kWaiting, kWaitsBlock);
  const std::string retries = Fill(kRetries, {{"columns", Fill(kColumns, {{"max", "$3::bigint"}})}});
  retries_skip = fill("retries_skip", retries, kWaitsSkip);
  retries_block = fill("retries_block", retries, kWaitsBlock);
  const auto seen = [&](const char* name, const std::string& waits, bool careful) {
    const std::string due = std::string(kDue) + (careful ? kNotBehind : "");
    return fill(
        name,
        Fill(kSeen,
             {{"due", Fill(due, {{"lane", "$1::smallint"}, {"start", "$2::bigint"}, {"held", "$4"}})}}),
        waits);
  };
  seen_plain = seen("seen", kWaitsSkip, false);
  seen_careful_skip = seen("seen_careful_skip", kWaitsSkip, true);
  seen_careful_block = seen("seen_careful_block", kWaitsBlock, true);
  sent = fill("sent", completion == Completion::kMark ? kSentMark : kSentDelete, "");
  retry = fill("retry", kRetry, "");
  failed = fill("failed", kFailed, "");
  sample = fill("sample", kSample, "");
  topics = fill("topics", kTopics, "");
  refused = fill("refused", kRefused, "");
  purge = fill("purge", kPurge, "");
  set_marker = Fill(kSetMarker, {{"schema", schema}});
  channel = Fill("SELECT 'outbox_' || '{schema}.outbox'::regclass::oid::text", {{"schema", schema}});
}

}  // namespace outbox
