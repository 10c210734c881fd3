// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema_convert.h"

#include "postgres/last_drawn.h"
#include "postgres/log_statements.h"
#include "postgres/schema_script.h"
#include "postgres/schema_session.h"

namespace outbox {
namespace {

using Reason = StoreUnavailable::Reason;

bool Holds(pqxx::transaction_base& transaction, const std::string& condition) {
  return *transaction.exec("/* outbox-relay: schema */ SELECT " + condition)[0][0].c_str() == 't';
}

std::string Word(pqxx::transaction_base& transaction, const std::string& expression) {
  const auto rows = transaction.exec("/* outbox-relay: schema */ SELECT " + expression);
  return rows[0][0].c_str();
}

bool IsLog(pqxx::transaction_base& transaction) { return InstalledLayout(transaction) == SchemaLayout::kLog; }

// Returns with search_path at an outbox that is there.
void Enter(pqxx::transaction_base& transaction, const SchemaOptions& options) {
  if (InstalledVersion(transaction, options.schema) == 0)
    throw StoreUnavailable(Reason::kSchema, "there is no outbox");
  transaction.exec("SET LOCAL search_path = " + QuoteName(options.schema));
  transaction.exec("SET LOCAL lock_timeout = '" + std::to_string(options.lock_timeout.count()) + "ms'");
  transaction.exec("SET LOCAL client_min_messages = error");
}

// The relay that reads the log holds this lock. Nobody can while we have it.
void KeepRelaysOut(pqxx::transaction_base& transaction) {
  if (!Holds(transaction, "pg_try_advisory_xact_lock('outbox'::regclass::oid::integer, 1002)"))
    throw StoreUnavailable(Reason::kTimeout, "a relay is reading the log: stop all relays first");
}

Conversion Look(pqxx::transaction_base& transaction, bool from_log) {
  const std::string messages = from_log ? "outbox_messages" : "outbox";
  Conversion conversion;
  // One by one, as the indexes are.
  conversion.drained = true;
  for (const char* status : {"pending", "retrying", "failed"}) {
    const std::string any = "EXISTS (SELECT FROM " + messages + " WHERE status = '" + status + "')";
    if (Holds(transaction, any)) conversion.drained = false;
  }
  conversion.sent =
      std::stoll(Word(transaction, "count(*) FROM (SELECT FROM " + messages + " LIMIT 10001) m"));
  return conversion;
}

void DropTables(pqxx::transaction_base& transaction, bool log) {
  if (!log) {
    transaction.exec("/* outbox-relay: schema */ DROP VIEW outbox_status; DROP TABLE outbox");
    return;
  }
  transaction.exec(
      "/* outbox-relay: schema */ DROP VIEW outbox_status, outbox_messages, outbox_position;"
      "DROP FUNCTION outbox_make_partitions(integer), outbox_drop_partitions(interval);"
      "DROP TABLE outbox, outbox_parked, outbox_progress");
}

// The script makes the first partitions for a log that begins with id 1.
constexpr const char* kPartitionsAnew = R"(/* outbox-relay: schema */
DO $partitions$
DECLARE
  part text;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'outbox'::regclass LOOP
    EXECUTE 'DROP TABLE ' || part;
  END LOOP;
  PERFORM outbox_make_partitions();
END
$partitions$)";

void Replace(pqxx::transaction_base& transaction, SchemaOptions options, bool from_log) {
  const std::string last = Word(transaction, "last_value FROM outbox_id_seq");
  options.with_notify = Holds(
      transaction,
      "EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'outbox'::regclass AND tgname = 'outbox_wake_up')");
  DropTables(transaction, from_log);
  transaction.exec(SchemaBody(options));
  transaction.exec("/* outbox-relay: schema */ ALTER TABLE outbox ALTER id RESTART WITH " +
                   std::to_string(std::stoll(last) + 1));
  if (!from_log) transaction.exec(kPartitionsAnew);
}

// Where the sequence was set back, messages have ids that were done before; but their transactions began
// after the snapshot up to which all is. (What a dump has brought may have any xid, also one that is still to
// come.)
constexpr const char* kUndone = R"(
FROM outbox_messages m, outbox_progress p
WHERE (m.status = 'pending' OR p.system_identifier = (SELECT system_identifier FROM pg_control_system())
    AND NOT pg_visible_in_snapshot(m.xid, coalesce(p.next_snapshot, p.snapshot))
    AND m.xid < pg_snapshot_xmax(pg_current_snapshot()))
  AND m.id NOT IN (SELECT id FROM outbox_parked))";
constexpr const char* kPark = R"(/* outbox-relay: schema */
INSERT INTO outbox_parked (xid, id, message_id, topic, key, type, payload, payload_bytes, headers, created_at)
SELECT m.xid, m.id, m.message_id, m.topic, m.key, m.type, m.payload, m.payload_bytes, m.headers, m.created_at)";
// Whoever began after a snapshot owns only ids above its own, unless the sequence was set back since; this is
// seen also after it has caught up.
constexpr const char* kSetBack = R"(EXISTS (SELECT FROM outbox o, outbox_progress p
  WHERE o.id <= p.upto AND o.xid >= pg_snapshot_xmax(p.snapshot) AND o.xid < pg_snapshot_xmax(pg_current_snapshot())))";
// Where the sequence was set back, no id is given out a second time.
constexpr const char* kDrawOn = R"(/* outbox-relay: schema */
SELECT setval('outbox_id_seq', t.last) FROM outbox_id_seq s, (
  SELECT greatest(p.upto, p.last_drawn, (SELECT max(id) FROM outbox)) AS last FROM outbox_progress p) t
WHERE t.last > s.last_value OR t.last = s.last_value AND NOT s.is_called)";
// Whatever id up to the last drawn one a row has: it is done, or set aside just now, and nobody can add one,
// because none of the transactions that are open has inserted anything. So the pair holds for every
// transaction, and no xid of the other cluster is ever looked at.
constexpr const char* kBeginAnew = R"(/* outbox-relay: schema */
UPDATE outbox_progress p SET version = p.version + 1, writer = NULL, system_identifier = c.system_identifier,
  snapshot = pg_current_snapshot(), upto = s.last_drawn, next_snapshot = NULL, last_drawn = NULL, late_from = NULL,
  phase = NULL, last_id = NULL, pairs = '3:' || s.last_drawn, moved_at = clock_timestamp()
FROM pg_control_system() c,
  {last_drawn} s)";

}  // namespace

Conversion ConvertSchema(const PostgresSettings& server, const SchemaOptions& options, bool execute) {
  return InTransaction<pqxx::work>(server, [&](pqxx::work& transaction) {
    Enter(transaction, options);
    const bool from_log = IsLog(transaction);
    if (from_log == (options.layout == SchemaLayout::kLog))
      throw StoreUnavailable(Reason::kSchema, "the outbox has this layout already");
    if (execute) {
      if (from_log) KeepRelaysOut(transaction);
      transaction.exec("/* outbox-relay: schema */ LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE");
    }
    const Conversion conversion = Look(transaction, from_log);
    if (!execute || !conversion.drained) return conversion;
    Replace(transaction, options, from_log);
    transaction.commit();
    return conversion;
  });
}

std::int64_t ResetLog(const PostgresSettings& server, const SchemaOptions& options, bool execute) {
  return InTransaction<pqxx::work>(server, [&](pqxx::work& transaction) {
    Enter(transaction, options);
    if (!IsLog(transaction)) throw StoreUnavailable(Reason::kSchema, "the outbox is not kept as a log");
    const auto fill = [schema = QuoteName(options.schema)](const char* text) {
      return Fill(Fill(text, {{"last_drawn", kLastDrawn}}), {{"schema", schema}});
    };
    if (!Holds(transaction, fill(kLogElsewhere) + " FROM outbox_progress p") && !Holds(transaction, kSetBack))
      throw StoreUnavailable(Reason::kSchema, "the log was read on this cluster: there is nothing to reset");
    if (!execute) {
      return std::int64_t{std::stoll(Word(transaction, std::string("count(*)") + kUndone))};
    }
    KeepRelaysOut(transaction);
    transaction.exec("/* outbox-relay: schema */ LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE");
    const auto parked = transaction.exec(std::string(kPark) + kUndone).affected_rows();
    transaction.exec(kDrawOn);
    transaction.exec(fill(kBeginAnew));
    transaction.commit();
    return static_cast<std::int64_t>(parked);
  });
}

}  // namespace outbox
