// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Above what a busy partition puts into one request, below librdkafka's own limit.
constexpr const char* kTopicLimit = "600000";
constexpr std::size_t kTooLarge = 800'000;

const std::map<std::string, std::string> kAppendTime = {{"message.timestamp.type", "LogAppendTime"}};

std::map<std::string, std::string> Limited() {
  auto configs = kAppendTime;
  configs["max.message.bytes"] = kTopicLimit;
  return configs;
}

}  // namespace

TEST_CASE(
    "a message that is too large for its topic fails alone amid a hot key, and nothing passes another") {
  constexpr int kRefusals = 5;
  Stage stage;
  stage.Admin().CreateTopic("orders", 6, Limited());
  stage.Admin().CreateTopic("payments", 6, kAppendTime);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"orders", "payments"},
             .writers = 8,
             .keys = 5,
             .rate = 3'000});
  REQUIRE(WaitFor([&] { return load.count() > 2'000; }));
  std::vector<Span> refusals;
  for (int i = 0; i < kRefusals; ++i) {
    std::int64_t id = 0;
    const std::string noise = Noise(kTooLarge);
    load.Amid(0, [&] { id = Insert(stage, {"orders", "k0", noise}); });
    refusals.push_back({.from = NowMs()});
    const bool failed = AwaitStatus(stage, id, "failed");
    INFO(relay->log());
    REQUIRE(failed);
    refusals.back().upto = NowMs();
  }
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(15)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders", "payments"});
  REQUIRE(reader.ReadToEnd());
  INFO(relay->log());
  const std::int64_t duplicates = CheckArrived(reader.records(), load);
  std::int64_t longest = 0;
  for (const Span& refusal : refusals) {
    longest = std::max(longest, LongestSilenceMs(reader.records(), "payments", refusal));
  }
  std::cout << "refusals amid a hot key at 3,000/s: " << duplicates << " duplicates of " << load.count()
            << " messages; another topic is silent for at most " << longest << " ms meanwhile\n";
  Sql sql = stage.Superuser();
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE attempts > 0") == std::to_string(kRefusals));
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE status = 'failed' AND attempts = 1 AND key = 'k0' "
                  "AND last_error LIKE 'too_large: %' AND length(payload) > 700000") ==
        std::to_string(kRefusals));
  CHECK(relay->Metric("attempts_total", {"topic=\"orders\"", "reason=\"too_large\""}) == kRefusals);
  CHECK(relay->Metric("messages_failed_total", {"topic=\"orders\"", "reason=\"too_large\""}) == kRefusals);
  CHECK(relay->Metric("attempts_total") == kRefusals);
  CHECK(relay->Metric("producer_generations_total", {"reason=\"refusal\""}).value_or(0) >= 1);
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("only the first of four large messages of a key is refused in a fresh generation") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 1, {{"max.message.bytes", "300000"}});
  // Together in one request, and each in a request of its own.
  for (const char* company : {"10000", "1"}) {
    Sql service = stage.Service();
    const auto noise = [](std::size_t bytes) { return Noise(bytes).substr(4); };
    service.Run("BEGIN");
    for (int key = 1; key <= 3; ++key) {
      const std::string unit = std::string("k") + company + "-" + std::to_string(key);
      for (const std::size_t bytes : {400'000, 240'000, 239'000, 238'000}) {
        service.Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', '" + unit + "', '0 " +
                    noise(bytes) + "')");
      }
    }
    service.Run("COMMIT");
    const auto relay = stage.StartRelay({{"kafka.properties.batch.num.messages", company}});
    const bool drained = stage.AwaitDrained(seconds(15));
    INFO(relay->log());
    REQUIRE(drained);
    CHECK(relay->Stop() == 0);
    TopicReader reader(stage.kafka().bootstrap(), {"orders"});
    REQUIRE(reader.ReadToEnd());
    for (int key = 1; key <= 3; ++key) {
      const std::string unit = std::string("k") + company + "-" + std::to_string(key);
      const auto ids = ArrivedIds(stage, reader.records(), "orders", unit);
      CAPTURE(unit, ids);
      CHECK(ids.size() == 3);
      CHECK(std::is_sorted(ids.begin(), ids.end()));
    }
  }
  Sql sql = stage.Superuser();
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "6");
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE status = 'failed' AND attempts = 1 AND length(payload) "
                  "> 300000") == "6");
}

TEST_CASE("what follows a message that is never handed over does not overtake what went before it") {
  constexpr int kUnits = 30;
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Sql service = stage.Service();
  // In one transaction, so that each unit is claimed as a whole. Above librdkafka's own limit.
  service.Run("BEGIN");
  for (int unit = 1; unit <= kUnits; ++unit) {
    const std::string insert =
        "INSERT INTO outbox (topic, key, payload) SELECT 'orders', 'k" + std::to_string(unit) + "', ";
    service.Run(insert + "'0 ' || i FROM generate_series(1, 20) i ORDER BY i");
    service.Run(insert + "repeat('0', 1100000)");
    service.Run(insert + "'0 ' || i FROM generate_series(21, 40) i ORDER BY i");
  }
  service.Run("COMMIT");
  const bool drained = stage.AwaitDrained(seconds(15));
  INFO(relay->log());
  REQUIRE(drained);
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  for (int unit = 1; unit <= kUnits; ++unit) {
    const auto ids = ArrivedIds(stage, reader.records(), "orders", "k" + std::to_string(unit));
    CHECK(ids.size() == 40);
    CHECK(std::is_sorted(ids.begin(), ids.end()));
  }
  CHECK(reader.records().size() == 40 * kUnits);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE status = 'failed' AND attempts = 1") ==
        std::to_string(kUnits));
  CHECK(relay->Metric("producer_generations_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
