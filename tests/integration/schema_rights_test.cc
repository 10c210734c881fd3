// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "schema_fixture.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

const std::string kInsert = "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'secret')";

Database Installed() {
  Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == 0);
  return database;
}

}  // namespace

TEST_CASE("a producer inserts, and reads back the ids and nothing else") {
  const Database database = Installed();
  Sql producer = database.As("outbox_producer");
  CHECK(producer.Value(kInsert + " RETURNING id") == "1");
  CHECK(producer.Value(kInsert + " RETURNING message_id").size() == 36);
  producer.Run(kInsert + " ON CONFLICT DO NOTHING");
  producer.Run(kInsert + " ON CONFLICT (id) DO NOTHING");
  producer.Run("INSERT INTO outbox (topic, payload) VALUES ('t', jsonb_build_object('state', 'paid'))");
  for (const std::string column : {"payload", "payload_bytes", "headers", "topic", "status", "xid"}) {
    INFO(column);
    CHECK(SqlState(producer, "SELECT " + column + " FROM outbox") == kDenied);
    CHECK(SqlState(producer, kInsert + " RETURNING " + column) == kDenied);
  }
  CHECK(database.Connect().Value("SELECT count(*) FROM outbox") == "5");
}

TEST_CASE("a producer changes nothing that is there") {
  const Database database = Installed();
  Sql producer = database.As("outbox_producer");
  for (const std::string statement :
       {"UPDATE outbox SET status = 'sent'", "UPDATE outbox SET payload = ''", "DELETE FROM outbox",
        "TRUNCATE outbox", "SELECT FROM outbox FOR UPDATE",
        "INSERT INTO outbox (topic, xid) VALUES ('t', '1')",
        "INSERT INTO outbox (topic, status) VALUES ('t', 'sent')", "SELECT last_value FROM outbox_id_seq",
        "SELECT nextval('outbox_id_seq')", "SELECT * FROM outbox_control", "SELECT * FROM outbox_status",
        "SELECT outbox_hold('t', 'k')", "DROP TABLE outbox"}) {
    INFO(statement);
    CHECK(SqlState(producer, statement) == kDenied);
  }
}

TEST_CASE("the relay locks, settles and deletes rows") {
  const Database database = Installed();
  database.Connect().Run(kInsert);
  Sql relay = database.As("outbox_relay");
  CHECK(relay.Rows("SELECT * FROM outbox WHERE status = 'pending' FOR UPDATE SKIP LOCKED").size() == 1);
  relay.Run("UPDATE outbox SET status = 'retrying', attempts = 1, next_attempt_at = now(), last_error = 'x'");
  relay.Run("UPDATE outbox SET status = 'sent', sent_at = clock_timestamp()");
  CHECK(relay.Value("SELECT last_value FROM outbox_id_seq WHERE is_called") == "1");
  CHECK(relay.Value("SELECT value FROM outbox_control WHERE name = 'on_failed'") == "skip");
  CHECK(relay.Value("SELECT schema_version FROM outbox_status") == "1");
  relay.Run("INSERT INTO outbox_marker DEFAULT VALUES");
  relay.Run("DELETE FROM outbox");
  relay.Run("SELECT outbox_hold('t', 'k')");
}

TEST_CASE("the relay changes neither what a message says nor what a table is") {
  const Database database = Installed();
  database.Connect().Run(kInsert);
  Sql relay = database.As("outbox_relay");
  for (const std::string statement :
       {"UPDATE outbox SET topic = 'u'", "UPDATE outbox SET key = 'l'", "UPDATE outbox SET payload = ''",
        "UPDATE outbox SET xid = '1'", "INSERT INTO outbox (topic) VALUES ('t')", "TRUNCATE outbox",
        "DROP TABLE outbox", "ALTER TABLE outbox ADD COLUMN x integer", "CREATE INDEX ON outbox (topic)",
        "DROP INDEX outbox_pending_idx",
        "CREATE TRIGGER x AFTER INSERT ON outbox EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "UPDATE outbox_control SET value = 'block'", "DELETE FROM outbox_marker",
        "SELECT nextval('outbox_id_seq')", "INSERT INTO outbox_version VALUES (2)"}) {
    INFO(statement);
    CHECK(SqlState(relay, statement) == kDenied);
  }
}

TEST_CASE("an operator repairs messages, and their order is not at stake") {
  const Database database = Installed();
  database.Connect().Run(kInsert + "; UPDATE outbox SET status = 'failed'");
  Sql people = database.As("outbox_operator");
  people.Run(
      "SELECT outbox_hold('t', 'k'); UPDATE outbox SET status = 'retrying', attempts = 0, next_attempt_at = "
      "now()");
  people.Run(
      "INSERT INTO outbox (message_id, topic, key, type, payload, payload_bytes, headers, created_at)"
      " SELECT message_id, topic, key, type, payload, payload_bytes, headers, created_at FROM outbox");
  people.Run("DELETE FROM outbox");
  people.Run("INSERT INTO outbox_control (name, value, reason) VALUES ('paused', 'on', 'upgrade')");
  people.Run("DELETE FROM outbox_control WHERE name = 'paused'");
  people.Run("INSERT INTO outbox_audit (task, command) VALUES (gen_random_uuid(), 'retry')");
  for (const std::string statement :
       {"INSERT INTO outbox (topic, xid) VALUES ('t', '1')", "UPDATE outbox SET payload = ''",
        "DELETE FROM outbox_audit", "UPDATE outbox_audit SET reason = ''", "TRUNCATE outbox",
        "DROP TABLE outbox"}) {
    INFO(statement);
    CHECK(SqlState(people, statement) == kDenied);
  }
}

TEST_CASE("a viewer sees the state of messages and no content") {
  const Database database = Installed();
  database.Connect().Run(kInsert);
  Sql viewer = database.As("outbox_viewer");
  CHECK(viewer.Value("SELECT topic || key || status FROM outbox") == "tkpending");
  CHECK(viewer.Value("SELECT pending_capped FROM outbox_status") == "1");
  viewer.Run("SELECT * FROM outbox_audit, outbox_control, outbox_version");
  for (const std::string statement :
       {"SELECT payload FROM outbox", "SELECT payload_bytes FROM outbox", "SELECT headers FROM outbox",
        "SELECT FROM outbox FOR UPDATE", "UPDATE outbox SET status = 'sent'", "DELETE FROM outbox",
        "INSERT INTO outbox (topic) VALUES ('t')", "SELECT outbox_hold('t', 'k')"}) {
    INFO(statement);
    CHECK(SqlState(viewer, statement) == kDenied);
  }
}

}  // namespace outbox::test
