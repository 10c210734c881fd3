// SPDX-License-Identifier: Apache-2.0
#include "postgres/doctor_facts.h"

#include <chrono>

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

constexpr const char* kServer = R"(/* outbox-relay: doctor, server */
SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS standby,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
  current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint AS most)";

constexpr const char* kClock = R"(/* outbox-relay: doctor, clock */
SELECT extract(epoch FROM clock_timestamp()) AS now)";

// A role that does not exist has no members and no rights.
constexpr const char* kRole = R"(/* outbox-relay: doctor, role */
WITH ours AS (
  SELECT c.oid AS outbox, c.relowner AS owner,
    (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1::text || 'producer') AS producer,
    (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1::text || 'relay') AS relay,
    (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1::text || 'operator') AS operator
  FROM pg_class c WHERE c.oid = '{table}'::regclass
)
SELECT current_user AS role, (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) AS superuser,
  pg_has_role(current_user, o.owner, 'MEMBER') AS owner,
  coalesce(pg_has_role(current_user, o.relay, 'MEMBER'), false) AS relay,
  coalesce(pg_has_role(current_user, o.operator, 'MEMBER'), false) AS operates,
  coalesce(pg_has_role(o.relay, o.owner, 'MEMBER'), false) AS relay_may_drop,
  coalesce(has_column_privilege(o.producer, o.outbox, 'id', 'SELECT'), false) AS producers_read_ids
FROM ours o)";

constexpr const char* kMeddlers = R"(/* outbox-relay: doctor, meddlers */
SELECT r.rolname AS role FROM pg_roles r, pg_class c
WHERE c.oid = '{table}'::regclass AND NOT r.rolsuper AND NOT pg_has_role(r.oid, c.relowner, 'MEMBER')
  AND pg_has_role(r.oid, (SELECT p.oid FROM pg_roles p WHERE p.rolname = $1::text || 'producer'), 'MEMBER')
  AND NOT EXISTS (SELECT FROM pg_roles w WHERE w.rolname IN ($1::text || 'relay', $1::text || 'operator')
                  AND pg_has_role(r.oid, w.oid, 'MEMBER'))
  AND (has_any_column_privilege(r.oid, c.oid, 'UPDATE') OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))
ORDER BY r.rolname)";

constexpr const char* kTable = R"(/* outbox-relay: doctor, table */
SELECT current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS autovacuum,
  coalesce(s.n_dead_tup, 0) AS dead, coalesce(s.n_live_tup, 0) AS live, pg_total_relation_size(c.oid) AS bytes,
  (SELECT extract(epoch FROM clock_timestamp() - min(f.sent_at))::bigint
   FROM (SELECT o.sent_at FROM {outbox} o ORDER BY o.id LIMIT 1000) f) AS oldest_sent,
  coalesce(pg_relation_size(i.oid), 0) AS index_bytes, coalesce(i.reltuples::bigint, 0) AS index_entries
FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
LEFT JOIN pg_class i ON i.relnamespace = c.relnamespace AND i.relname = 'outbox_pending_idx'
WHERE c.oid = '{waiting}'::regclass)";

constexpr const char* kOptions = R"(/* outbox-relay: doctor, options */
SELECT unnest(c.reloptions) AS option FROM pg_class c WHERE c.oid = '{waiting}'::regclass)";

constexpr const char* kInvalid = R"(/* outbox-relay: doctor, indexes */
SELECT i.indexrelid::regclass AS name FROM pg_index i
WHERE i.indrelid IN ('{table}'::regclass, '{waiting}'::regclass) AND NOT (i.indisvalid AND i.indisready) ORDER BY 1)";

constexpr const char* kHolders = R"(/* outbox-relay: doctor, vacuum */
SELECT 'process ' || a.pid || ' (role ' || a.usename || ', application ' || a.application_name || ', '
    || a.state || ')' AS what, 'SELECT pg_terminate_backend(' || a.pid || ')' AS remedy,
  extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds
FROM pg_stat_activity a
WHERE (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AND a.pid <> pg_backend_pid()
  AND a.datname = current_database() AND a.xact_start < clock_timestamp() - $1::bigint * interval '1 second'
UNION ALL
SELECT 'prepared transaction ' || p.gid || ' (role ' || p.owner || ')',
  'COMMIT PREPARED or ROLLBACK PREPARED ' || quote_literal(p.gid),
  extract(epoch FROM clock_timestamp() - p.prepared)::bigint
FROM pg_prepared_xacts p
WHERE p.database = current_database() AND p.prepared < clock_timestamp() - $1::bigint * interval '1 second'
UNION ALL
SELECT 'replication slot ' || r.slot_name || ', which nobody reads',
  'SELECT pg_drop_replication_slot(' || quote_literal(r.slot_name) || ')', 0
FROM pg_replication_slots r WHERE NOT r.active AND r.xmin IS NOT NULL
ORDER BY 3 DESC)";

constexpr const char* kBlind = R"(/* outbox-relay: doctor, sight */
SELECT NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS blind)";

constexpr const char* kTopics = R"(/* outbox-relay: doctor, topics */
SELECT t.topic, count(*) FILTER (WHERE t.waits) AS waiting, coalesce(max(t.size) FILTER (WHERE t.waits), 0) AS largest
FROM (
  SELECT w.topic, true AS waits, w.size FROM generate_series(0, 63) AS l(lane) CROSS JOIN LATERAL (
    SELECT o.topic, coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0)
      + coalesce(octet_length(o.key), 0) + coalesce(octet_length(o.headers::text), 0) AS size
    FROM {outbox} o WHERE o.lane = l.lane AND o.status = 'pending' ORDER BY o.id LIMIT 200) w
  UNION ALL
  SELECT w.topic, true, w.size FROM generate_series(0, 63) AS l(lane) CROSS JOIN LATERAL (
    SELECT o.topic, coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0)
      + coalesce(octet_length(o.key), 0) + coalesce(octet_length(o.headers::text), 0) AS size
    FROM {outbox} o WHERE o.lane = l.lane AND o.status = 'retrying' ORDER BY o.next_attempt_at LIMIT 200) w
  UNION ALL
  (SELECT o.topic, false, 0 FROM {outbox} o ORDER BY o.id DESC LIMIT 2000)
) t GROUP BY t.topic ORDER BY waiting DESC, t.topic LIMIT 100)";

// Of a log the oldest that are not done, and what is parked.
constexpr const char* kTopicsOfLog = R"(/* outbox-relay: doctor, topics */
SELECT t.topic, count(*) FILTER (WHERE t.waits) AS waiting, coalesce(max(t.size) FILTER (WHERE t.waits), 0) AS largest
FROM (
  (SELECT o.topic, true AS waits, coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0)
      + coalesce(octet_length(o.key), 0) + coalesce(octet_length(o.headers::text), 0) AS size
   FROM {table} o WHERE o.id > (SELECT p.read_to FROM {schema}.outbox_position p) ORDER BY o.id LIMIT 10000)
  UNION ALL
  (SELECT o.topic, true, coalesce(octet_length(o.payload), octet_length(o.payload_bytes), 0)
      + coalesce(octet_length(o.key), 0) + coalesce(octet_length(o.headers::text), 0)
   FROM {waiting} o WHERE o.status IN ('pending', 'retrying') LIMIT 10000)
  UNION ALL
  (SELECT o.topic, false, 0 FROM {table} o ORDER BY o.id DESC LIMIT 2000)
) t GROUP BY t.topic ORDER BY waiting DESC, t.topic LIMIT 100)";

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::vector<std::string> Column(const OperatorAnswer& answer, const char* name) {
  std::vector<std::string> values;
  for (int row = 0; row < answer.size(); ++row) values.push_back(answer.Text(row, name));
  return values;
}

}  // namespace

ServerFacts ReadServerFacts(OperatorSession& session) {
  const OperatorAnswer server = session.Ask(kServer);
  ServerFacts facts;
  facts.version = static_cast<int>(server.Number(0, "version"));
  facts.standby = server.Is(0, "standby");
  facts.pooled = session.pooled();
  facts.connections = server.Number(0, "connections");
  facts.most_connections = server.Number(0, "most");
  session.Ask(kClock);  // planned once, so that the next one takes a round trip only
  const double before = UnixSeconds();
  const double theirs = std::stod(session.Ask(kClock).Text(0, "now"));
  facts.clock_unsure = (UnixSeconds() - before) / 2;
  facts.clock_ahead = theirs - before - facts.clock_unsure;
  return facts;
}

RoleFacts ReadRoleFacts(OperatorSession& session, const std::string& role_prefix) {
  const OperatorAnswer answer = session.Ask(kRole, {role_prefix});
  RoleFacts facts;
  facts.role = answer.Text(0, "role");
  facts.superuser = answer.Is(0, "superuser");
  facts.owner = answer.Is(0, "owner");
  facts.relay = answer.Is(0, "relay");
  facts.operates = answer.Is(0, "operates");
  facts.relay_may_drop = answer.Is(0, "relay_may_drop");
  facts.producers_read_ids = answer.Is(0, "producers_read_ids");
  facts.meddlers = Column(session.Ask(kMeddlers, {role_prefix}), "role");
  return facts;
}

TableFacts ReadTableFacts(OperatorSession& session) {
  const OperatorAnswer answer = session.Ask(kTable);
  TableFacts facts;
  facts.autovacuum = answer.Is(0, "autovacuum");
  facts.dead = answer.Number(0, "dead");
  facts.live = answer.Number(0, "live");
  facts.bytes = answer.Number(0, "bytes");
  if (answer.Maybe(0, "oldest_sent")) facts.oldest_sent = answer.Number(0, "oldest_sent");
  facts.pending_index_bytes = answer.Number(0, "index_bytes");
  facts.pending_index_entries = answer.Number(0, "index_entries");
  facts.options = Column(session.Ask(kOptions), "option");
  facts.invalid_indexes = Column(session.Ask(kInvalid), "name");
  for (const std::string& option : facts.options) {
    if (option == "autovacuum_enabled=false" || option == "autovacuum_enabled=off") facts.autovacuum = false;
  }
  return facts;
}

VacuumFacts ReadVacuumFacts(OperatorSession& session, seconds long_open) {
  VacuumFacts facts;
  const OperatorAnswer answer = session.Ask(kHolders, {std::to_string(long_open.count())});
  for (int row = 0; row < answer.size(); ++row) {
    facts.holders.push_back(
        {answer.Text(row, "what"), answer.Text(row, "remedy"), answer.Number(row, "seconds")});
  }
  facts.blind = session.Ask(kBlind).Is(0, "blind");
  return facts;
}

std::vector<WaitingTopic> ReadTopics(OperatorSession& session) {
  const OperatorAnswer answer = session.Ask(session.log() ? kTopicsOfLog : kTopics);
  std::vector<WaitingTopic> topics;
  for (int row = 0; row < answer.size(); ++row) {
    topics.push_back(
        {answer.Text(row, "topic"), answer.Number(row, "waiting"), answer.Number(row, "largest")});
  }
  return topics;
}

}  // namespace outbox
