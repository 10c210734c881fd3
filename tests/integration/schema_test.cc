// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cli/exit_code.h"
#include "schema_fixture.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

const std::string kInsert = "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'p')";

std::string OnFailed(const Database& database) {
  return database.Connect().Value("SELECT value FROM outbox_control WHERE name = 'on_failed'");
}

}  // namespace

TEST_CASE("applying only previews until told to execute") {
  const Database database;
  const auto preview = database.Schema({"apply"});
  CHECK(preview.exit == kExitDone);
  CHECK(preview.out.find("installs version 1") != std::string::npos);
  CHECK(database.Connect().Rows("SELECT to_regclass('outbox')")[0][0] == std::nullopt);
}

TEST_CASE("applying again keeps messages and leaves what is right as it is") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute", "--with-notify"}).exit == kExitDone);
  Sql sql = database.Connect();
  sql.Run(kInsert);
  const std::string before = sql.Value("SELECT string_agg(t::text, ',') FROM outbox_version t");
  const auto again = database.Schema({"apply", "--execute", "--with-notify"});
  CHECK(again.exit == kExitDone);
  CHECK(again.out.find("belong to outbox_owner") != std::string::npos);
  CHECK(sql.Value("SELECT count(*) FROM outbox") == "1");
  CHECK(sql.Value("SELECT string_agg(t::text, ',') FROM outbox_version t") == before);
  CHECK(database.Schema({"check", "--with-notify"}).out == "schema public: version 1, as it should be\n");
}

TEST_CASE("applying does not disturb an insert that is under way") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  Sql producer = database.Connect();
  producer.Run("BEGIN; " + kInsert);
  CHECK(database.Schema({"apply", "--execute"}).exit == kExitDone);
  producer.Run("COMMIT");
}

TEST_CASE("two outboxes live in one database and know nothing of each other") {
  const Database database;
  for (const std::string schema : {"orders", "odd \"name"}) {
    REQUIRE(database.Schema({"apply", "--execute", "--schema", schema}).exit == kExitDone);
    CHECK(database.Schema({"check", "--schema", schema}).out.find("as it should be") != std::string::npos);
  }
  database.As("outbox_producer", "orders").Run(kInsert);
  CHECK(database.As("outbox_viewer", "orders").Value("SELECT pending_capped FROM outbox_status") == "1");
  CHECK(database.As("outbox_viewer", "\"odd \"\"name\"").Value("SELECT pending_capped FROM outbox_status") ==
        "0");
  Sql orders = database.As("outbox_operator", "orders");
  orders.Run("BEGIN; SELECT outbox_hold('t', 'k')");
  Sql odd = database.As("outbox_operator", "\"odd \"\"name\"");
  odd.Run("SET lock_timeout = '100ms'; BEGIN; SELECT outbox_hold('t', 'k')");
  CHECK(database.Schema({"check"}).exit == kExitNo);
}

TEST_CASE("a function finds its own outbox, whatever the caller's search_path holds") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute", "--schema", "orders"}).exit == kExitDone);
  Sql sql = database.Connect();
  sql.Run(
      "CREATE TABLE public.outbox (); SET search_path = public; BEGIN; SELECT orders.outbox_hold('t', 'k')");
  CHECK(sql.Value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                  " AND classid = 'orders.outbox'::regclass AND objid = hashtextextended('k', 0) & 63") ==
        "1");
}

TEST_CASE("holding takes the lane of a key, and every lane for messages without one") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  Sql sql = database.Connect();
  sql.Run(kInsert);
  const std::string held =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 'outbox'::regclass";
  sql.Run("BEGIN; SELECT outbox_hold('t', 'k')");
  CHECK(sql.Value(held + " AND objid = (SELECT lane FROM outbox)") == "1");
  CHECK(sql.Value(held) == "1");
  sql.Run("ROLLBACK; BEGIN; SELECT outbox_hold('t', NULL)");
  CHECK(sql.Value(held) == "64");
}

TEST_CASE("the roles can have another prefix") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute", "--role-prefix", "billing_"}).exit == kExitDone);
  database.As("billing_producer").Run(kInsert);
  CHECK(database.Connect().Value("SELECT relowner::regrole FROM pg_class WHERE oid = 'outbox'::regclass") ==
        "billing_owner");
  CHECK(database.Schema({"check", "--role-prefix", "billing_"}).exit == kExitDone);
  CHECK(database.Schema({"check", "--role-prefix", "absent_"}).exit == kExitNo);
  const auto other = database.Schema({"apply", "--execute"});  // whose roles may be another team's
  CHECK(other.exit == kExitConfig);
  CHECK(other.err.find("--role-prefix billing_") != std::string::npos);
  CHECK(database.Schema({"apply", "--execute", "--role-prefix", "billing_"}).exit == kExitDone);
  CHECK(database.Connect().Value(
            "SELECT relacl::text ~ 'outbox_' FROM pg_class WHERE oid = 'outbox'::regclass") == "f");
  for (const std::string prefix : {"", "Big_", "a b", "1_", "pg_", "x\"; DROP ROLE y; --"}) {
    INFO(prefix);
    CHECK(database.Schema({"print", "--role-prefix", prefix}).exit == kExitUsage);
  }
}

TEST_CASE("what print writes installs the outbox, as often as it is run") {
  const Database database;
  const auto script = database.Schema({"print", "--schema", "it's", "--with-notify", "--on-failed", "block"});
  REQUIRE(script.exit == kExitDone);
  CHECK(script.out.find("DROP ") == std::string::npos);
  Sql sql = database.Connect();
  sql.Run(script.out);
  sql.Run(script.out);
  CHECK(database.Schema({"check", "--schema", "it's", "--with-notify"}).exit == kExitDone);
  CHECK(sql.Value("SELECT value FROM \"it's\".outbox_control WHERE name = 'on_failed'") == "block");
  for (const std::string schema : {"", "a$schema$b", "a\nb"}) {
    CHECK(database.Schema({"print", "--schema", schema}).exit == kExitUsage);
  }
}

TEST_CASE("what happens after a failed message is set only when asked for") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  CHECK(OnFailed(database) == "skip");
  CHECK(database.Schema({"apply", "--on-failed", "block"}).exit == kExitDone);
  CHECK(OnFailed(database) == "skip");
  CHECK(database.Schema({"apply", "--execute", "--on-failed", "block"}).exit == kExitDone);
  CHECK(OnFailed(database) == "block");
  CHECK(database.Schema({"apply", "--execute"}).exit == kExitDone);
  CHECK(OnFailed(database) == "block");
}

TEST_CASE("a role that may create roles need not be a superuser") {
  const Database database;
  Sql sql = database.Connect();
  sql.Run("CREATE ROLE installer LOGIN CREATEROLE; ALTER DATABASE " + sql.Value("SELECT current_database()") +
          " OWNER TO installer");
  const auto applied =
      database.Schema({"apply", "--execute", "--schema", "mine", "--role-prefix", "mine_"}, "installer");
  CHECK(applied.exit == kExitDone);
  CHECK(applied.out.find("belong to installer") != std::string::npos);
  CHECK(applied.err.find("mine_owner") != std::string::npos);
  CHECK(database.Schema({"check", "--schema", "mine", "--role-prefix", "mine_"}).exit == kExitDone);
  // From PostgreSQL 16 on, who made a role may administer it, but is no full member.
  database.As("installer").Run("GRANT mine_owner TO CURRENT_USER");
  sql.Run("GRANT mine_owner TO CURRENT_USER");
  CHECK(database.Schema({"apply", "--execute", "--schema", "mine", "--role-prefix", "mine_"}, "installer")
            .out.find("belong to mine_owner") != std::string::npos);
}

TEST_CASE("a role without any right needs none of its own where an administrator prepared it") {
  const Database database;
  database.Schema({"apply", "--execute", "--schema", "elsewhere"});  // makes the roles
  database.Connect().Run("CREATE ROLE service LOGIN; CREATE SCHEMA service AUTHORIZATION service");
  CHECK(database.Schema({"apply", "--execute", "--schema", "service"}, "service").exit == kExitDone);
  CHECK(database.Schema({"check", "--schema", "service"}, "service").exit == kExitDone);
  CHECK(database.Schema({"apply", "--execute", "--schema", "elsewhere"}, "service").exit ==
        kExitNotPermitted);
}

TEST_CASE("a printed script run without rights leaves nothing behind") {
  const Database database;
  database.Connect().Run(
      "CREATE SCHEMA closed; DO $$ BEGIN CREATE ROLE outsider; EXCEPTION WHEN duplicate_object THEN END $$");
  const auto script = database.Schema({"print", "--schema", "closed"});
  Sql outsider = database.As("outsider");
  CHECK_FALSE(SqlState(outsider, script.out).empty());
}

TEST_CASE("a lock that is not to be had means try again, and nothing was changed") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  Sql other = database.Connect();
  other.Run("BEGIN; LOCK TABLE outbox IN SHARE UPDATE EXCLUSIVE MODE");
  const auto refused = database.Schema({"apply", "--execute", "--on-failed", "block"});
  CHECK(refused.exit == kExitTryAgain);
  CHECK(refused.err.find("another transaction holds a lock") != std::string::npos);
  CHECK(OnFailed(database) == "skip");
}

TEST_CASE("a server that does not answer, and a schema that is not ours, are told apart") {
  const Database database;
  CHECK(database.Schema({"check"}, "nobody").exit == kExitUnreachable);
  Sql sql = database.Connect();
  sql.Run("CREATE SCHEMA theirs; CREATE TABLE theirs.outbox (id uuid)");
  CHECK(database.Schema({"apply", "--execute", "--schema", "theirs"}).exit == kExitConfig);
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  sql.Run("INSERT INTO outbox_version (version) VALUES (99)");
  for (const std::string command : {"apply", "check"}) {
    const auto newer = database.Schema({command});
    CHECK(newer.exit == kExitConfig);
    CHECK(newer.err.find("upgrade outbox-relay") != std::string::npos);
  }
}

TEST_CASE("a key and a topic are no longer than what can be indexed") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  Sql sql = database.Connect();
  // Text that does not compress, or the index would take far more of it.
  sql.Run(
      "INSERT INTO outbox (topic, key) SELECT repeat('t', 249), left(string_agg(md5(i::text), ''), 2048)"
      " FROM generate_series(1, 64) i; UPDATE outbox SET status = 'failed'");
  CHECK(SqlState(sql, "INSERT INTO outbox (topic, key) VALUES ('t', repeat('k', 2049))") == "23514");
  CHECK(SqlState(sql, "INSERT INTO outbox (topic) VALUES (repeat('t', 250))") == "23514");
  CHECK(SqlState(sql, "INSERT INTO outbox (topic) VALUES ('')") == "23514");
}

TEST_CASE("a wake-up is sent once, by the first who is free to send it") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute", "--with-notify"}).exit == kExitDone);
  Sql first = database.As("outbox_producer");
  Sql second = database.As("outbox_producer");
  const std::string guards =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1000"
      " AND classid = 'outbox'::regclass";
  first.Run("BEGIN; " + kInsert);
  second.Run("BEGIN; " + kInsert);
  CHECK(database.Connect().Value(guards) == "1");
  first.Run("COMMIT");
  second.Run("COMMIT");
  CHECK(database.Connect().Value(guards) == "0");
}

TEST_CASE("the marker is gone after a crash, and the messages are not") {
  const Database database;
  REQUIRE(database.Schema({"apply", "--execute"}).exit == kExitDone);
  database.Connect().Run(kInsert + "; INSERT INTO outbox_marker DEFAULT VALUES; CHECKPOINT");
  Server().Restart(PostgresServer::StopMode::kFast);
  CHECK(database.Connect().Value("SELECT count(*) FROM outbox_marker") == "1");
  Server().Restart(PostgresServer::StopMode::kImmediate);
  CHECK(database.Connect().Value("SELECT count(*) FROM outbox_marker") == "0");
  CHECK(database.Connect().Value("SELECT count(*) FROM outbox") == "1");
}

}  // namespace outbox::test
