// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "e2e/stage.h"
#include "support/catch.h"
#include "support/pgbouncer.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

Stage::Options Rules() {
  Stage::Options options;
  options.postgres.settings["max_connections"] = "60";
  options.kafka.properties = {
      {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
      {"allow.everyone.if.no.acl.found", "true"}};
  return options;
}

// Real servers, which the cases below spoil and mend again, and the program in front of them.
struct Ward {
  Stage stage{Rules()};
  TempDir folder;

  Ward() { stage.Admin().CreateTopic("orders"); }

  std::string File(const std::string& conninfo, const std::string& brokers) const {
    WriteFile(folder / "orders.toml",
              "[postgres]\nconninfo = \"" + conninfo + "\"\n[kafka]\nbrokers = [\"" + brokers + "\"]\n");
    return folder / "orders.toml";
  }

  Finished Doctor(const Strings& words, const std::string& user, const std::string& wrapper = "") const {
    Strings argv = {"sh",
                    "-c",
                    wrapper + " exec \"$0\" \"$@\"",
                    RelayBinary(),
                    "-o",
                    "json",
                    "-c",
                    File(stage.postgres().conninfo("app", user), stage.kafka().bootstrap()),
                    "doctor"};
    argv.insert(argv.end(), words.begin(), words.end());
    return Run(argv);
  }
  void Sql(const std::string& statements) const { stage.Superuser().Run(statements); }
};

Ward& OneWard() {
  static Ward ward;
  return ward;
}

// The findings of one check that are not well: "state: what".
Strings Bad(const Finished& done, const std::string& check) {
  INFO(done.out << done.err);
  REQUIRE(nlohmann::json::accept(done.out));
  Strings bad;
  const auto answer = nlohmann::json::parse(done.out);
  for (const auto& finding : answer["checks"]) {
    if (finding["check"] != check || finding["state"] == "ok") continue;
    CHECK((finding["state"] == "skipped" || !finding["why"].get<std::string>().empty()));
    CHECK((finding["check"] == "unit" || !finding["remedy"].get<std::string>().empty()));
    bad.push_back(finding["state"].get<std::string>() + ": " + finding["what"].get<std::string>());
  }
  return bad;
}

// Exactly one finding, which is not well and says this.
void CheckFound(const Finished& done, const std::string& check, const std::string& begins) {
  const Strings bad = Bad(done, check);
  INFO(check << " expected " << begins << ", all: " << done.out);
  REQUIRE(bad.size() == 1);
  CHECK(bad[0].substr(0, begins.size()) == begins);
  CHECK(done.exit == (begins.starts_with("failed") ? 1 : 0));
}

}  // namespace

TEST_CASE("doctor finds nothing wrong where nothing is, as relay and as operator") {
  Ward& ward = OneWard();
  ward.Sql("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'k', 'x')");
  for (const char* user : {"relay", "operator"}) {
    const Finished done = ward.Doctor({}, user);
    INFO(done.out);
    CHECK(done.exit == 0);
    const auto answer = nlohmann::json::parse(done.out);
    CHECK(answer["ok"] == true);
    CHECK(answer["failed"] == 0);
    CHECK(answer["warnings"] == 0);
    CHECK(answer["checks"].size() >= 20);
  }
  CHECK(ward.Doctor({"--offline"}, "nobody").exit == 0);
}

TEST_CASE("doctor finds a configuration, a server and brokers that are wrong") {
  Ward& ward = OneWard();
  const std::string file = ward.folder / "wrong.toml";
  const auto examine = [&](const Strings& more) {
    Strings argv = {RelayBinary(), "-o", "json", "-c", file, "doctor"};
    argv.insert(argv.end(), more.begin(), more.end());
    return Run(argv);
  };
  WriteFile(file, "[kafka]\nbrokers = [\"x\"]\n[delivery]\ndeadline = \"60s\"\n");
  CheckFound(examine({}), "configuration", "failed: ");
  CHECK(Bad(examine({}), "configuration")[0].find("must be at least delivery.deadline + 10s") !=
        std::string::npos);
  WriteFile(file, "[postgres]\nconninfo = \"host=127.0.0.1 port=1\"\n[kafka]\nbrokers = [\"127.0.0.1:1\"]\n");
  const Finished down = examine({});
  CheckFound(down, "connection", "failed: ");
  CheckFound(down, "brokers", "failed: 127.0.0.1:1 do not answer");
}

TEST_CASE("doctor finds logins that may too much or too little, and producers that meddle") {
  Ward& ward = OneWard();
  CheckFound(ward.Doctor({}, "postgres"), "role", "warning: postgres is a superuser");
  CHECK(ward.Doctor({"--strict"}, "postgres").exit == 1);
  ward.Sql("CREATE ROLE mallory LOGIN");
  const Finished stranger = ward.Doctor({}, "mallory");
  CHECK(stranger.exit == 1);
  ward.Sql("GRANT USAGE ON SCHEMA public TO mallory");
  CheckFound(ward.Doctor({}, "mallory"), "role", "failed: mallory is a member of neither");
  ward.Sql("GRANT UPDATE (status) ON outbox TO service");
  CheckFound(ward.Doctor({}, "operator"), "producers", "failed: the producer service may change or delete");
  ward.Sql("REVOKE UPDATE (status) ON outbox FROM service; GRANT DELETE ON outbox TO PUBLIC");
  CHECK(Bad(ward.Doctor({}, "operator"), "producers").size() == 2);  // outbox_producer, too
  ward.Sql(
      "REVOKE DELETE ON outbox FROM PUBLIC; REVOKE SELECT (id, message_id) ON outbox FROM outbox_producer");
  CheckFound(ward.Doctor({}, "operator"), "producers", "failed: outbox_producer may not read ids");
  ward.Sql("GRANT SELECT (id, message_id) ON outbox TO outbox_producer; GRANT outbox_owner TO outbox_relay");
  CheckFound(ward.Doctor({}, "operator"), "producers",
             "failed: outbox_relay is a member of the outbox's owner");
  ward.Sql("REVOKE outbox_owner FROM outbox_relay");
}

TEST_CASE("doctor finds a changed schema, invalid indexes, and a table that is not vacuumed") {
  Ward& ward = OneWard();
  ward.Sql("ALTER TABLE outbox ALTER created_at DROP DEFAULT");
  CheckFound(ward.Doctor({}, "operator"), "schema", "failed: 1 differences from version");
  ward.Sql("ALTER TABLE outbox ALTER created_at SET DEFAULT clock_timestamp()");
  ward.Sql("INSERT INTO outbox (topic) VALUES ('orders'), ('orders')");
  CHECK_THROWS(ward.Sql("CREATE UNIQUE INDEX CONCURRENTLY spoilt ON outbox (topic)"));
  CheckFound(ward.Doctor({}, "operator"), "indexes", "failed: not valid: spoilt");
  ward.Sql("DROP INDEX spoilt; ALTER TABLE outbox RESET (autovacuum_vacuum_scale_factor)");
  CheckFound(ward.Doctor({}, "operator"), "autovacuum", "warning: the table has lost its settings");
  ward.Sql("ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_enabled = off)");
  CheckFound(ward.Doctor({}, "operator"), "autovacuum", "failed: autovacuum is off");
  ward.Sql(
      "INSERT INTO outbox (topic) SELECT 'orders' FROM generate_series(1, 150000);"
      "DELETE FROM outbox WHERE id % 1000 <> 0");
  CHECK(WaitFor([&] { return Bad(ward.Doctor({}, "operator"), "bloat").size() == 1; }));
  ward.Sql("ALTER TABLE outbox RESET (autovacuum_enabled)");
  ward.Sql("VACUUM outbox");
}

TEST_CASE("doctor finds who holds back vacuum, if it may look") {
  Ward& ward = OneWard();
  Sql forgotten(ward.stage.postgres().conninfo("app", "service"));
  forgotten.Run("BEGIN; INSERT INTO outbox (topic) VALUES ('orders')");
  CheckFound(ward.Doctor({"--long-open", "1s"}, "operator"), "vacuum",
             "skipped: transactions of other roles");
  ward.Sql("GRANT pg_read_all_stats TO outbox_operator");
  CHECK(WaitFor([&] { return !Bad(ward.Doctor({"--long-open", "1s"}, "operator"), "vacuum").empty(); }));
  CheckFound(ward.Doctor({"--long-open", "1s"}, "operator"), "vacuum", "warning: process ");
  CHECK(Bad(ward.Doctor({}, "operator"), "vacuum").empty());
  ward.Sql("REVOKE pg_read_all_stats FROM outbox_operator");
}

TEST_CASE("doctor finds poolers that are taken for servers, and too few connections") {
  Ward& ward = OneWard();
  PgBouncer pooler(ward.stage.postgres());
  const std::string file = ward.File(pooler.conninfo("app", "relay"), ward.stage.kafka().bootstrap());
  const auto examine = [&](const std::string& setting) {
    return Run({RelayBinary(), "-o", "json", "-c", file, "--set", setting, "doctor"});
  };
  CHECK(Bad(examine("postgres.pooler=auto"), "pooler").empty());
  CheckFound(examine("postgres.pooler=none"), "pooler", "failed: there is a transaction pooler");
  CheckFound(examine("outbox.wake_up=notify"), "pooler",
             "failed: there is a transaction pooler, and wake-ups");
  CheckFound(ward.Doctor({"--set", "delivery.workers=64"}, "relay"), "connections", "warning: ");
}

TEST_CASE("doctor finds topics that are not there, may not be written, or are too narrow for what waits") {
  Ward& ward = OneWard();
  ward.Sql("INSERT INTO outbox (topic) VALUES ('ordres')");
  CheckFound(ward.Doctor({}, "operator"), "topics", "failed: topic ordres does not exist");
  ward.Sql("DELETE FROM outbox WHERE topic = 'ordres'");
  auto admin = ward.stage.Admin();
  admin.DenyWrites("orders");
  CHECK(WaitFor([&] { return Bad(ward.Doctor({}, "operator"), "rights").size() == 1; }));
  CheckFound(ward.Doctor({}, "operator"), "rights",
             "failed: topic orders: a rule denies writing to everybody");
  admin.AllowWrites("orders");
  admin.CreateTopic("narrow", 1, {{"max.message.bytes", "2000"}});
  ward.Sql("INSERT INTO outbox (topic, payload) VALUES ('narrow', repeat('x', 5000))");
  CheckFound(ward.Doctor({}, "operator"), "sizes",
             "warning: a message of 5000 bytes waits for topic narrow; the topic's");
  ward.Sql("UPDATE outbox SET topic = 'orders', payload = repeat('x', 2000000) WHERE topic = 'narrow'");
  CheckFound(ward.Doctor({}, "operator"), "sizes",
             "warning: a message of 2000000 bytes waits for topic orders");
  ward.Sql("DELETE FROM outbox WHERE octet_length(payload) > 1000");
}

TEST_CASE("doctor finds timeouts, limits and a unit that do not fit") {
  Ward& ward = OneWard();
  CheckFound(ward.Doctor({"--set", "kafka.properties.request.timeout.ms=60000"}, "operator"), "timeouts",
             "warning: request.timeout.ms is 60000 ms");
  CheckFound(ward.Doctor({}, "operator", "ulimit -n 60;"), "files", "warning: 60 files and sockets");
  // What `systemctl show` prints of a unit somebody has changed.
  WriteFile(
      ward.folder / "systemctl",
      "#!/bin/sh\necho LoadState=loaded\necho Type=simple\necho TimeoutStopUSec=10s\necho Restart=no\n");
  std::filesystem::permissions(ward.folder / "systemctl", std::filesystem::perms::owner_all);
  const Finished done = ward.Doctor({}, "operator", "PATH=" + ward.folder.path().string() + ":$PATH;");
  CHECK(Bad(done, "unit") == Strings{"warning: TimeoutStopSec is 10s, not above delivery.shutdown_grace",
                                     "warning: Type is simple", "warning: Restart is no"});
  WriteFile(ward.folder / "systemctl",
            "#!/bin/sh\necho LoadState=loaded\necho Type=notify\necho TimeoutStopUSec=1min\necho "
            "Restart=on-failure\n"
            "echo 'RestartPreventExitStatus=64 78'\n");
  CHECK(Bad(ward.Doctor({}, "operator", "PATH=" + ward.folder.path().string() + ":$PATH;"), "unit").empty());
}

}  // namespace outbox::test
