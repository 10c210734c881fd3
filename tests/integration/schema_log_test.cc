// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "schema_fixture.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

const std::string kInsertIntoLog = "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'secret')";

Database InstalledLog() {
  setenv("OUTBOX_RELAY_UNFINISHED_LOG_MODE", "1", 1);
  Database database;
  REQUIRE(database.Schema({"apply", "--layout", "log", "--execute"}).exit == 0);
  REQUIRE(database.Schema({"apply", "--layout", "log", "--execute"}).exit == 0);
  return database;
}

}  // namespace

TEST_CASE("the layout of a log is not in this version") {
  unsetenv("OUTBOX_RELAY_UNFINISHED_LOG_MODE");
  const Database database;
  CHECK_THROWS(database.Schema({"apply", "--layout", "log"}));
}

TEST_CASE("producers insert into a log as into any outbox") {
  const Database database = InstalledLog();
  Sql producer = database.As("outbox_producer");
  CHECK(producer.Value(kInsertIntoLog + " RETURNING id") == "1");
  CHECK(producer.Value(kInsertIntoLog + " RETURNING message_id").size() == 36);
  producer.Run("INSERT INTO outbox (topic, payload) VALUES ('t', jsonb_build_object('state', 'paid'))");
  for (const std::string statement :
       {"SELECT payload FROM outbox", "UPDATE outbox SET topic = ''", "DELETE FROM outbox",
        "INSERT INTO outbox (topic, xid) VALUES ('t', '1')", "SELECT * FROM outbox_parked",
        "SELECT * FROM outbox_progress", "SELECT outbox_make_partitions()",
        "SELECT outbox_drop_partitions('1 day')", "INSERT INTO outbox_1 (topic) VALUES ('t')"}) {
    INFO(statement);
    CHECK(SqlState(producer, statement) == kDenied);
  }
}

TEST_CASE("a log's xid exists before its id, through the root and several rows at a time") {
  const Database database = InstalledLog();
  Sql sql = database.Connect();
  CHECK(
      sql.Value("SELECT attnum FROM pg_attribute WHERE attrelid = 'outbox'::regclass AND attname = 'xid'") ==
      "1");
  CHECK(sql.Value(
            "SELECT attnum FROM pg_attribute WHERE attrelid = 'outbox_1'::regclass AND attname = 'xid'") ==
        "1");
  CHECK(sql.Value("SELECT seqcache FROM pg_sequence WHERE seqrelid = 'outbox_id_seq'::regclass") == "1");
}

TEST_CASE("the relay reads a log, moves progress and parks, and no more") {
  const Database database = InstalledLog();
  database.Connect().Run(kInsertIntoLog);
  Sql relay = database.As("outbox_relay");
  relay.Run("SELECT * FROM outbox; SELECT outbox_make_partitions(); SELECT outbox_drop_partitions('1 day')");
  relay.Run("UPDATE outbox_progress SET version = version + 1, upto = 0");
  relay.Run(
      "INSERT INTO outbox_parked (xid, id, message_id, topic, created_at)"
      " SELECT xid, id, message_id, topic, created_at FROM outbox");
  relay.Run("UPDATE outbox_parked SET status = 'failed', attempts = 1; DELETE FROM outbox_parked");
  for (const std::string statement :
       {"UPDATE outbox SET topic = 'u'", "DELETE FROM outbox", kInsertIntoLog.c_str(), "TRUNCATE outbox",
        "DROP TABLE outbox_1", "ALTER TABLE outbox DETACH PARTITION outbox_1", "CREATE TABLE x ()",
        "UPDATE outbox_parked SET payload = ''", "UPDATE outbox_progress SET system_identifier = 1",
        "DELETE FROM outbox_progress", "TRUNCATE outbox_parked"}) {
    INFO(statement);
    CHECK(SqlState(relay, statement) == kDenied);
  }
}

TEST_CASE("operators repair what is parked, and viewers see no content of a log") {
  const Database database = InstalledLog();
  database.Connect().Run(kInsertIntoLog +
                         "; INSERT INTO outbox_parked (xid, id, message_id, topic, key, created_at, status)"
                         " SELECT xid, id, message_id, topic, key, created_at, 'failed' FROM outbox");
  Sql people = database.As("outbox_operator");
  people.Run(
      "SELECT outbox_hold('t', 'k'); UPDATE outbox_parked SET status = 'retrying', next_attempt_at = now()");
  people.Run("DELETE FROM outbox_parked");
  CHECK(SqlState(people, "DELETE FROM outbox") == kDenied);
  Sql viewer = database.As("outbox_viewer");
  CHECK(viewer.Value("SELECT topic || key FROM outbox") == "tk");
  CHECK(viewer.Value("SELECT pending_capped FROM outbox_status") == "1");
  viewer.Run("SELECT * FROM outbox_progress");
  CHECK(SqlState(viewer, "SELECT payload FROM outbox") == kDenied);
  CHECK(SqlState(viewer, "SELECT payload FROM outbox_parked") == kDenied);
}

}  // namespace outbox::test
