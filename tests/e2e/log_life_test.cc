// SPDX-License-Identifier: Apache-2.0
//
// A log as its users run it: what they ask, as the relay's user and as a person, and the lives of its
// partitions.
#include <nlohmann/json.hpp>

#include "e2e/faults_scene.h"
#include "e2e/log_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

std::string Messages(const std::string& topic, int many) {
  return "INSERT INTO outbox (topic, key, payload) SELECT '" + topic +
         "', (i % 5)::text, (i / 5 + 1)::text || ' 0' FROM generate_series(0, " + std::to_string(many - 1) +
         ") i";
}

// A command as the owner of the configuration runs it: with the relay's own login.
Finished OfRelay(const RelayProcess& relay, const Strings& words) {
  Strings argv = {RelayBinary(), "-c", relay.config_file()};
  argv.insert(argv.end(), words.begin(), words.end());
  return Run(argv);
}

Finished OfOperator(const Stage& stage, const Strings& words) {
  Strings argv = {RelayBinary()};
  argv.insert(argv.end(), words.begin(), words.end());
  argv.insert(argv.end(), {"--conninfo", stage.postgres().conninfo("app", "operator")});
  return Run(argv);
}

void Succeed(const Finished& done) {
  INFO(done.out << done.err);
  CHECK(done.exit == 0);
}

std::string Partitions(const Stage& stage) {
  return stage.Superuser().Value(
      "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY substr(inhrelid::regclass::text, 8)::bigint)"
      " FROM pg_inherits WHERE inhparent = 'outbox'::regclass");
}

}  // namespace

TEST_CASE("the relay's own login may ask everything about a log") {
  Stage stage(LogOptions());
  stage.Admin().CreateTopic("orders", 1);
  stage.Service().Run(Messages("orders", 100));
  const auto relay = stage.StartRelay();
  REQUIRE(AwaitLogDrained(stage, seconds(20)));
  for (const Strings& words :
       {Strings{"status"}, {"list", "--topic", "orders"}, {"show", "7"}, {"schema", "check"}})
    Succeed(OfRelay(*relay, words));
  const Finished doctor = OfRelay(*relay, {"-o", "json", "doctor"});
  INFO(doctor.out);
  CHECK(doctor.exit == 0);
  CHECK(nlohmann::json::parse(doctor.out)["failed"] == 0);
  // With the mode of another layout it says what is wrong, and so does the relay.
  const Strings wrong = {"--set", "outbox.completion=mark"};
  Strings words = wrong;
  words.emplace_back("doctor");
  CHECK(OfRelay(*relay, words).out.find("failed   layout") != std::string::npos);
  words = wrong;
  words.insert(words.end(), {"schema", "check"});
  CHECK(OfRelay(*relay, words).err.find("the outbox has the layout log") != std::string::npos);
  const auto other = stage.StartRelay({{"outbox.completion", "\"mark\""}});
  CHECK(
      WaitFor([&] { return other->log().find("in the layout of outbox.completion?") != std::string::npos; }));
  CHECK(other->Stop() == 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a topic of a log that is paused waits, whichever worker comes, and goes on in order") {
  Stage stage(LogOptions());
  for (const char* topic : {"orders", "bulk"}) stage.Admin().CreateTopic(topic, 1);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Sql sql = stage.Superuser();
  for (int round = 0; round < 5; ++round) {
    Succeed(OfOperator(stage, {"pause", "--topic", "bulk", "--reason", "it is being moved"}));
    // Others keep the workers busy, so that each has its turn.
    stage.Service().Run(Messages("bulk", 50) + ";" + Messages("orders", 5'000));
    REQUIRE(WaitFor(
        [&] { return sql.Value("SELECT count(*) FROM outbox_parked WHERE topic = 'bulk'") == "50"; }));
    stage.Service().Run(Messages("orders", 5'000));
    REQUIRE(WaitFor([&] {
      return sql.Value(
                 "SELECT count(*) FROM outbox_messages WHERE status = 'pending' AND topic = 'orders'") == "0";
    }));
    CHECK(sql.Value("SELECT count(*) FROM outbox_parked WHERE topic = 'bulk'") == "50");
    Succeed(OfOperator(stage, {"resume", "--topic", "bulk"}));
    INFO(relay->log());
    REQUIRE(AwaitLogDrained(stage, seconds(20)));
  }
  CHECK(relay->Stop() == 0);
}

TEST_CASE("partitions of a log are made ahead, and kept for an archive when they are done") {
  Stage stage(LogOptions());
  stage.Admin().CreateTopic("orders", 1);
  Sql sql = stage.Superuser();
  sql.Run(
      "INSERT INTO outbox_control (name, value) VALUES ('partition_rows', '1000'), ('partitions', 'detach')");
  // The ones that the schema made are of another size; these follow them.
  sql.Run("SELECT setval('outbox_id_seq', 39999500)");
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  REQUIRE(
      WaitFor([&] { return Partitions(stage).find("outbox_40000001 outbox_40001001") != std::string::npos; },
              seconds(30)));
  for (int i = 0; i < 3; ++i) {
    stage.Service().Run(Messages("orders", 1'000));
    REQUIRE(AwaitLogDrained(stage, seconds(20)));
  }
  const auto kept = [&] {
    return sql.Value(
        "SELECT count(*) FROM pg_class WHERE relname = 'outbox_40000001' AND NOT relispartition");
  };
  INFO(relay->log());
  const auto archived = [&] {
    OfOperator(stage, {"purge", "--older-than", "1s", "--execute"});
    return kept() == "1";
  };
  REQUIRE(WaitFor(archived, seconds(30)));
  CHECK(sql.Value("SELECT count(*) FROM outbox_40000001") == "1000");
  Succeed(OfRelay(*relay, {"status", "--max-failed", "0"}));
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
