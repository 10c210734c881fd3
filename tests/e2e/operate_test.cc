// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>

#include "e2e/stage.h"
#include "support/catch.h"
#include "support/topic_reader.h"

namespace outbox::test {
namespace {

// The program as a person with the role outbox_operator runs it.
Finished Operate(const Stage& stage, const std::vector<std::string>& words) {
  std::vector<std::string> argv = {RelayBinary()};
  argv.insert(argv.end(), words.begin(), words.end());
  argv.insert(argv.end(), {"--conninfo", stage.postgres().conninfo("app", "operator")});
  return Run(argv);
}

std::vector<std::string> PayloadsOf(const std::vector<Record>& records, const std::string& key) {
  std::vector<std::string> payloads;
  for (const Record& record : records) {
    if (record.key == key) payloads.push_back(record.payload.value_or(""));
  }
  return payloads;
}

}  // namespace

TEST_CASE("what operators publish, follow, replay and purge goes through the relay as it should") {
  Stage stage;
  for (const char* topic : {"orders", "again"}) stage.Admin().CreateTopic(topic, 3);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();

  const Finished published = Operate(stage, {"publish", "--topic", "orders", "--key", "test", "--wait"});
  INFO(published.out << published.err);
  CHECK(published.exit == 0);
  CHECK(published.out.find(" is sent after ") != std::string::npos);

  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'orders', 'k' || i % 20, i FROM generate_series(1, "
      "2000) i");
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CHECK(Operate(stage, {"status", "--wait-empty", "--max-failed", "0"}).exit == 0);

  const Finished replayed =
      Operate(stage, {"replay", "--key", "k7", "--since", "1h", "--to-topic", "again", "--execute"});
  INFO(replayed.out << replayed.err);
  CHECK(replayed.exit == 0);
  CHECK(Operate(stage, {"replay", "--key", "k7", "--since", "1h", "--execute", "--rate", "200"}).exit == 0);
  REQUIRE(stage.AwaitDrained(seconds(20)));

  TopicReader again(stage.kafka().bootstrap(), {"again"});
  REQUIRE(again.ReadUntil(100));
  TopicReader orders(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(orders.ReadUntil(2'101));
  const auto once = PayloadsOf(again.records(), "k7");
  const auto twice = PayloadsOf(orders.records(), "k7");
  REQUIRE(once.size() == 100);
  REQUIRE(twice.size() == 200);
  // The originals in order, and behind them the copies, in the same one.
  CHECK(std::vector<std::string>(twice.begin(), twice.begin() + 100) == once);
  CHECK(std::vector<std::string>(twice.begin() + 100, twice.end()) == once);
  CHECK(std::is_sorted(once.begin(), once.end(),
                       [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); }));
  for (const Record& copy : again.records()) {
    CHECK(copy.header("outbox-relay-replay").size() == 36);
    CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE message_id = '" + copy.header("id") +
                                  "'") == "3");
  }

  CHECK(Operate(stage, {"purge", "--topic", "orders", "--execute"}).exit == 0);
  CHECK(stage.Count() == 100);
  CHECK(relay->Stop() == 0);
}

TEST_CASE(
    "a long replay at a rate, interrupted in the middle, brings each message once more, marked, in order",
    "[slow]") {
  constexpr int kMessages = 100'000;
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'orders', 'k' || i % 500, i FROM generate_series(1, " +
      std::to_string(kMessages) + ") i");
  REQUIRE(stage.AwaitDrained(seconds(60)));

  TempDir folder;
  const std::string operator_login = stage.postgres().conninfo("app", "operator");
  const auto began = std::chrono::steady_clock::now();
  Process first({RelayBinary(), "-o", "json", "replay", "--topic", "orders", "--since", "1h", "--execute",
                 "--rate", "5000", "--conninfo", operator_login},
                {.out = folder / "out", .err = folder / "err"});
  std::this_thread::sleep_for(seconds(8));
  first.Kill(SIGINT);
  REQUIRE(first.Wait(seconds(20)) == 75);
  const auto copies = [&] {
    return std::stoll(
        stage.Superuser().Value("SELECT count(*) FROM outbox WHERE headers ? 'outbox-relay-replay'"));
  };
  const auto halfway = copies();
  INFO(ReadFile(folder / "err"));
  CHECK(halfway > kMessages / 5);
  CHECK(halfway < kMessages * 3 / 5);
  const std::string task =
      stage.Superuser().Value("SELECT DISTINCT task FROM outbox_audit WHERE command = 'replay'");
  // As it says itself how to go on.
  const std::string said = ReadFile(folder / "err");
  const std::string asks = "go on with: outbox-relay ";
  REQUIRE(said.find(asks) != std::string::npos);
  const std::string rest = said.substr(said.find(asks) + asks.size());
  const Finished second =
      Run({"sh", "-c",
           RelayBinary() + " " + rest.substr(0, rest.find('\n')) + " --conninfo '" + operator_login + "'"},
          {}, seconds(120));
  INFO(second.out << second.err);
  REQUIRE(second.exit == 0);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  CHECK(copies() == kMessages);
  CHECK(took > 0.95 * kMessages / 5'000);
  REQUIRE(stage.AwaitDrained(seconds(60)));

  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  std::map<std::string, std::vector<int>> originals, again;
  for (const Record& record : reader.records())
    (record.header("outbox-relay-replay") == task ? again : originals)[*record.key].push_back(
        std::stoi(*record.payload));
  CHECK(originals.size() == 500);
  CHECK(again == originals);
  for (const auto& [key, numbers] : again) REQUIRE(std::is_sorted(numbers.begin(), numbers.end()));
  std::cout << "replayed " << kMessages << " at 5,000 a second, interrupted after " << halfway << ": " << took
            << " s\n";
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
