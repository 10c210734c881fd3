// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <random>
#include <thread>

#include "e2e/stage.h"
#include "e2e/verdict.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

std::int64_t Transactions(Sql& sql) {
  return std::stoll(
      sql.Value("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'app'"));
}

// Messages one by one, each after a pause by lot: even steps might keep pace with the relay's polls.
void FirstMessages(const Stage& stage, milliseconds at_least, milliseconds at_most) {
  std::mt19937 lot(1);
  std::uniform_int_distribution<int> pause(static_cast<int>(at_least.count()),
                                           static_cast<int>(at_most.count()));
  Sql service = stage.Service();
  for (int i = 1; i <= 20; ++i) {
    std::this_thread::sleep_for(milliseconds(pause(lot)));
    service.Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'k', '" + std::to_string(i) +
                " ' || (date_part('epoch', clock_timestamp()) * 1000000)::bigint || ' ')");
  }
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadUntil(21));
  const std::vector<Record> records(reader.records().begin() + 1, reader.records().end());
  const auto latencies = Latencies(records);
  std::cout << "first messages after " << at_least.count() << " to " << at_most.count()
            << " ms of idling: median " << Percentile(latencies, 50) << " ms, last " << latencies.back()
            << " ms\n";
  CHECK(Percentile(latencies, 50) < 60);
  CHECK(latencies.back() < 250);
}

}  // namespace

TEST_CASE("an idle relay writes nothing and asks little, and finds the first message soon") {
  Stage stage({.postgres = {
                   .settings = {{"autovacuum", "off"}, {"wal_level", "minimal"}, {"max_wal_senders", "0"}}}});
  stage.Admin().CreateTopic("orders", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Sql service = stage.Service();
  service.Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'warm', '0 0 ')");
  REQUIRE(stage.AwaitDrained(seconds(10)));
  Sql sql(stage.postgres().conninfo("postgres"));  // its own transactions do not count
  stage.Superuser().Run("VACUUM outbox");
  sql.Run("CHECKPOINT");
  std::this_thread::sleep_for(seconds(2));
  const std::string wal = sql.Value("SELECT pg_current_wal_insert_lsn()");
  const double cpu = relay->process().cpu_seconds();
  const std::int64_t before = Transactions(sql);
  constexpr int kSeconds = 30;  // backends report their transactions once a second
  std::this_thread::sleep_for(seconds(kSeconds));
  const double transactions = static_cast<double>(Transactions(sql) - before) / kSeconds;
  const std::string written = sql.Value("SELECT pg_current_wal_insert_lsn() - '" + wal + "'::pg_lsn");
  std::cout << "idle: " << transactions << " transactions/s, " << written << " B of WAL, "
            << (relay->process().cpu_seconds() - cpu) / kSeconds * 100 << " % of a core in the relay\n";
  CHECK(transactions <= 22);
  CHECK(written == "0");
  FirstMessages(stage, milliseconds(300), milliseconds(500));
}

TEST_CASE("a first message after ten idle seconds arrives as soon", "[slow]") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  stage.Service().Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'warm', '0 0 ')");
  REQUIRE(stage.AwaitDrained(seconds(10)));
  FirstMessages(stage, milliseconds(10'000), milliseconds(10'200));
}

}  // namespace outbox::test
