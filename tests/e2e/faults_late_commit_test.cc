// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>

#include "e2e/faults_pairs.h"
#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Milliseconds from the commit to the moment when all its rows are settled.
double CommitLate(const Stage& stage, seconds open) {
  Sql late = stage.Service();
  late.Run(
      "BEGIN; INSERT INTO outbox (topic, key, payload) SELECT 'late', 'k' || i, '1 0 ' FROM "
      "generate_series(1, 20) i");
  std::this_thread::sleep_for(open);
  Sql watch = stage.Superuser();
  late.Run("COMMIT");
  const Stopwatch since;
  REQUIRE(WaitFor([&] {
    return watch.Value("SELECT count(*) FROM outbox WHERE topic = 'late' AND status = 'sent'") == "20";
  }));
  return since.seconds() * 1'000;
}

struct Play {
  Pairs pairs;
  int relays = 2;
  double load = 300;
  std::string mutant = {};
};

// How many messages were out of order.
std::int64_t RunPairs(const Play& play) {
  Stage stage;
  for (const char* topic : {"orders", "lures"}) stage.Admin().CreateTopic(topic, 6);
  stage.Superuser().Run(
      "CREATE TABLE aggregates (key text PRIMARY KEY, changes bigint NOT NULL DEFAULT 0);"
      "GRANT SELECT, INSERT, UPDATE ON aggregates TO service");
  std::vector<std::unique_ptr<RelayProcess>> relays;
  if (!play.mutant.empty()) setenv("OUTBOX_RELAY_MUTANT", play.mutant.c_str(), 1);
  for (int i = 0; i < play.relays; ++i) {
    relays.push_back(stage.StartRelay({}, {"run"}, play.mutant.empty() ? "" : MutantBinary()));
  }
  unsetenv("OUTBOX_RELAY_MUTANT");
  for (const auto& relay : relays) relay->AwaitReady();
  std::optional<Load> load;
  if (play.load > 0) load.emplace(LoadOf(stage, play.load, play.pairs.neighbours));
  Expected expected = MakePairs(stage, play.pairs);
  if (load) {
    load->Stop();
    expected.insert(load->committed().begin(), load->committed().end());
  }
  if (!play.mutant.empty()) {
    // What such a relay passed over only a sweep brings back, up to a minute later.
    TopicReader reader(stage.kafka().bootstrap(), {"orders", "lures"});
    reader.ReadUntil([&](const auto& records) { return Judge(records, expected).out_of_order > 0; },
                     seconds(70));
    return Judge(reader.records(), expected).out_of_order;
  }
  REQUIRE(stage.AwaitDrained(seconds(20)));
  for (const auto& relay : relays) CHECK(relay->Metric("swept_messages_total") == 0);
  const Verdict verdict = CheckDelivered(stage, {"orders", "lures"}, expected);
  std::cout << play.pairs.count << " pairs with a late first commit, " << play.pairs.at_once
            << " at once: " << verdict.out_of_order << " of " << verdict.seen << " out of order, "
            << verdict.duplicates << " duplicates\n";
  CHECK(verdict.seen == stage.Count());
  return verdict.out_of_order;
}

// Nobody else is open or ends meanwhile.
const Play kOneByOne = {.pairs = {.count = 40, .at_once = 1, .neighbours = 32}, .relays = 1, .load = 0};

}  // namespace

TEST_CASE("a transaction that commits late is delivered at once") {
  Stage stage;
  for (const char* topic : {"orders", "late"}) stage.Admin().CreateTopic(topic, 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) VALUES ('late', 'k0', '1 0 ')");  // the topic's first
  REQUIRE(stage.AwaitDrained(seconds(10)));
  stage.Superuser().Run("DELETE FROM outbox");
  Load load(LoadOf(stage, 1'000, 100));
  const double waited = CommitLate(stage, seconds(5));
  load.Stop();
  std::cout << "late commit of 20 rows: all settled after " << waited << " ms\n";
  CHECK(waited < 200);
  REQUIRE(stage.AwaitDrained(seconds(10)));
  CheckDelivered(stage, {"orders"}, load.committed());
}

TEST_CASE("what commits late comes before what was serialised behind it") {
  CHECK(RunPairs({.pairs = {.count = 100}}) == 0);
  CHECK(RunPairs(kOneByOne) == 0);
}
TEST_CASE("what commits late comes before what was serialised behind it, a thousand times", "[slow]") {
  CHECK(RunPairs({.pairs = {.count = 1'000}}) == 0);
}
TEST_CASE("a relay that trusts a remembered id is found out") {
  CHECK(RunPairs({.pairs = {.count = 100}, .mutant = "remembered_id"}) > 0);
}
TEST_CASE("a relay that takes the listed transactions for all running ones is found out") {
  Play play = kOneByOne;
  play.mutant = "trust_xip";
  CHECK(RunPairs(play) > 0);
}

}  // namespace outbox::test
