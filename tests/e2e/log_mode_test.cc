// SPDX-License-Identifier: Apache-2.0
//
// Log mode between real servers: the same promises as the other modes keep.
#include <iostream>
#include <thread>

#include "e2e/faults_pairs.h"
#include "e2e/faults_scene.h"
#include "e2e/log_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// SQL for a payload that does not become small when it is compressed.
const std::string kLarge = "(SELECT '1 0 ' || string_agg(md5(i::text), '') FROM generate_series(1, 200) i)";

void DrainLog(int rows, const Config& config) {
  Stage stage(LogOptions());
  stage.Admin().CreateTopic("orders", 6);
  Expected expected;
  AddBacklog(stage, "orders", rows, 10'000, expected);
  stage.Superuser().Run("VACUUM ANALYZE outbox");
  stage.Superuser().Run("CHECKPOINT");
  const Stopwatch watch;
  const auto relay = stage.StartRelay(config);
  std::int64_t resident = 0;
  const bool drained = WaitFor(
      [&] {
        const double sent = Sent(*relay);
        if (sent > 0) resident = std::max(resident, relay->process().resident_bytes());
        return sent >= rows;
      },
      seconds(90));
  INFO(relay->log());
  REQUIRE(drained);
  const double took = watch.seconds();
  std::cout << "drain of " << rows << ", log: " << static_cast<int>(rows / took) << " messages/s, relay "
            << relay->process().cpu_seconds() / rows * 1e6 << " CPU s per million, at most "
            << resident / 1'000'000 << " MB resident\n";
  CHECK(relay->Stop() == 0);
  CHECK(CheckDelivered(stage, {"orders"}, expected).duplicates == 0);
  CHECK(stage.Superuser().Value(
            "SELECT upto - (SELECT last_value FROM outbox_id_seq) FROM outbox_progress") == "0");
  // As the server has counted it: nothing but the inserts has touched the log.
  const std::string inserts_only = std::to_string(rows) + " 0";
  CHECK(WaitFor([&] {
    return stage.Superuser().Value(
               "SELECT sum(n_tup_ins) || ' ' || sum(n_tup_upd + n_tup_del + n_dead_tup) FROM "
               "pg_stat_user_tables"
               " WHERE relid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'outbox'::regclass)") ==
           inserts_only;
  }));
}

}  // namespace

TEST_CASE("a log drains in order and once") { DrainLog(100'000, {}); }
TEST_CASE("a long log drains in order and once", "[slow]") {
  DrainLog(500'000, {});
  DrainLog(500'000, {{"delivery.batch_messages", "8000"}});
}

TEST_CASE("relays of a log that are killed lose nothing and break no order") {
  Stage stage(LogOptions());
  for (const char* topic : {"orders", "backlog"}) stage.Admin().CreateTopic(topic, 6);
  std::vector<std::unique_ptr<RelayProcess>> relays;
  for (int i = 0; i < 2; ++i) relays.push_back(stage.StartRelay());
  for (const auto& relay : relays) relay->AwaitReady();
  Load load(LoadOf(stage, 500, 100));
  Expected expected;
  for (int kill = 0; kill < 6; ++kill) {
    AddBacklog(stage, "backlog", 30'000, 3'000, expected);
    std::this_thread::sleep_for(milliseconds(30 + 37 * kill % 120));
    auto& victim = relays[static_cast<std::size_t>(kill % 2)];
    victim->process().Kill(SIGKILL);
    victim->process().Wait(seconds(10));
    const Stopwatch watch;
    INFO(relays[static_cast<std::size_t>((kill + 1) % 2)]->log());
    REQUIRE(AwaitMoreSent(*relays[static_cast<std::size_t>((kill + 1) % 2)]));
    std::cout << "takeover after " << watch.seconds() << " s\n";
    victim = stage.StartRelay();
    victim->AwaitReady();
  }
  load.Stop();
  expected.insert(load.committed().begin(), load.committed().end());
  INFO(relays[0]->log() << relays[1]->log());
  REQUIRE(AwaitLogDrained(stage, seconds(60)));
  const Verdict verdict = CheckDelivered(stage, {"orders", "backlog"}, expected);
  std::cout << "6 kills: " << verdict.duplicates << " duplicates of " << verdict.seen << " messages\n";
  for (const auto& relay : relays) CHECK(relay->Stop() == 0);
}

TEST_CASE("messages of a log that commit late keep their place") {
  Stage stage(LogOptions());
  for (const char* topic : {"orders", "lures"}) stage.Admin().CreateTopic(topic, 6);
  stage.Superuser().Run(
      "CREATE TABLE aggregates (key text PRIMARY KEY, changes bigint NOT NULL DEFAULT 0);"
      "GRANT SELECT, INSERT, UPDATE ON aggregates TO service");
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(LoadOf(stage, 300, 4));
  Expected expected = MakePairs(stage, {.count = 1'000});
  load.Stop();
  expected.insert(load.committed().begin(), load.committed().end());
  INFO(relay->log());
  REQUIRE(AwaitLogDrained(stage, seconds(60)));
  const Verdict verdict = CheckDelivered(stage, {"orders", "lures"}, expected);
  CHECK(verdict.duplicates == 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a message of a log that Kafka refuses waits aside, and later ones of its key behind it") {
  Stage::Options options = LogOptions();
  options.config["delivery.backoff.initial"] = "\"100ms\"";
  options.config["delivery.backoff.max"] = "\"300ms\"";
  Stage stage(options);
  stage.Admin().CreateTopic("orders", 1, {{"max.message.bytes", "2000"}});
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'k0', '1 0 '), ('orders', 'k1', " + kLarge +
      "), ('orders', 'k1', '2 0 '), ('orders', 'k2', '1 0 ')");
  const auto relay = stage.StartRelay();
  Sql sql = stage.Superuser();
  INFO(relay->log());
  REQUIRE(
      WaitFor([&] { return sql.Value("SELECT count(*) FROM outbox_parked WHERE status = 'failed'") == "1"; },
              seconds(30)));
  REQUIRE(WaitFor([&] { return Sent(*relay) >= 3; }));
  CHECK(sql.Value("SELECT last_error LIKE 'too_large%' FROM outbox_parked") == "t");
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
