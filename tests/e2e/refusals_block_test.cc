// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr std::size_t kTooLarge = 800'000;

// As docs/schema.md tells a person to do it.
void ByHand(const Stage& stage, const std::string& change) {
  stage.Operator().Run("BEGIN; SELECT outbox_hold('orders', 'k0'); " + change + "; COMMIT");
}

std::int64_t CountWhere(const Stage& stage, const std::string& where) {
  return std::stoll(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE " + where));
}

// What is behind it of its unit waits; all else flows.
void CheckBlocked(const Stage& stage, std::int64_t id) {
  const std::string behind = "topic = 'orders' AND key = 'k0' AND id > " + std::to_string(id);
  const std::string others =
      "NOT (topic = 'orders' AND key = 'k0') AND status = 'sent' AND id > " + std::to_string(id);
  CHECK(WaitFor([&] { return CountWhere(stage, others) > 500 && CountWhere(stage, behind) > 50; },
                seconds(10)));
  CHECK(CountWhere(stage, behind + " AND status <> 'pending'") == 0);
  // What has been there for a second, so that only a hold explains it.
  CHECK(WaitFor([&] {
    return CountWhere(stage,
                      "status = 'pending' AND created_at < clock_timestamp() - interval '1 s' "
                      "AND NOT (topic = 'orders' AND key = 'k0')") == 0;
  }));
}

}  // namespace

TEST_CASE("a failed message that blocks holds its unit only, until it is retried or discarded by hand") {
  Stage stage({.config = {{"outbox.on_failed", "\"block\""}}, .schema_arguments = {"--on-failed", "block"}});
  stage.Admin().CreateTopic("orders", 6, {{"max.message.bytes", "600000"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(
      {.conninfo = stage.postgres().conninfo("app", "service"), .writers = 4, .keys = 5, .rate = 1'000});
  REQUIRE(WaitFor([&] { return load.count() > 1'000; }));
  std::int64_t first = 0;
  load.Amid(0, [&] { first = Insert(stage, {"orders", "k0", Noise(kTooLarge)}); });
  const bool failed = AwaitStatus(stage, first, "failed");
  INFO(relay->log());
  REQUIRE(failed);
  CheckBlocked(stage, first);
  CHECK(WaitFor([&] { return relay->Metric("blocked_keys") == 1.0; }, seconds(15)));

  stage.Admin().AlterTopicConfig("orders", {});
  const auto released = std::chrono::steady_clock::now();
  ByHand(
      stage,
      "UPDATE outbox SET status = 'retrying', attempts = 0, next_attempt_at = clock_timestamp() WHERE id = " +
          std::to_string(first));
  REQUIRE(AwaitStatus(stage, first, "sent"));
  std::cout << "a blocking message is sent " << SecondsSince(released) << " s after it was released\n";

  stage.Admin().AlterTopicConfig("orders", {{"max.message.bytes", "600000"}});
  std::int64_t second = 0;
  load.Amid(0, [&] { second = Insert(stage, {"orders", "k0", Noise(kTooLarge)}); });
  REQUIRE(AwaitStatus(stage, second, "failed"));
  CheckBlocked(stage, second);
  ByHand(stage, "DELETE FROM outbox WHERE id = " + std::to_string(second));
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(15)));

  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  CheckArrived(reader.records(), load);
  const auto ids = ArrivedIds(stage, reader.records(), "orders", "k0");
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(std::find(ids.begin(), ids.end(), first) != ids.end());
  CHECK(CountWhere(stage, "attempts > 0") == 0);
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
