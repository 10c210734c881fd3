// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE(
    "a refused message is tried again with growing pauses, its unit waits, and goes on when its cause is "
    "gone") {
  Stage stage({.config = {{"delivery.backoff.initial", "\"200ms\""}, {"delivery.backoff.max", "\"1s\""}}});
  // A topic that refuses what has no timestamp of today: a refusal that can be cured.
  stage.Admin().CreateTopic("today", 3, {{"message.timestamp.before.max.ms", "60000"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"today"},
             .writers = 4,
             .keys = 5,
             .rate = 500});
  REQUIRE(WaitFor([&] { return load.count() > 300; }));
  std::int64_t id = 0;
  load.Amid(0, [&] {
    id =
        std::stoll(stage.Service().Value("INSERT INTO outbox (topic, key, payload, created_at) VALUES "
                                         "('today', 'k0', '0 0', now() - interval '1 hour') RETURNING id"));
  });
  Sql sql = stage.Superuser();
  const std::string row = " FROM outbox WHERE id = " + std::to_string(id);
  const bool tried = WaitFor([&] { return std::stoi(sql.Value("SELECT attempts" + row)) >= 4; }, seconds(15));
  INFO(relay->log());
  REQUIRE(tried);
  CHECK(sql.Value("SELECT status" + row) == "retrying");
  CHECK(sql.Value("SELECT last_error LIKE 'invalid: %'" + row) == "t");
  // No pause is longer than what the backoff allows.
  CHECK(sql.Value("SELECT next_attempt_at <= clock_timestamp() + interval '1 s'" + row) == "t");
  CHECK(relay->Metric("retries_total", {"topic=\"today\""}).value_or(0) >= 4);
  const std::string behind = "topic = 'today' AND key = 'k0' AND id > " + std::to_string(id);
  CHECK(WaitFor([&] { return std::stoi(sql.Value("SELECT count(*) FROM outbox WHERE " + behind)) > 50; }));
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE " + behind + " AND status <> 'pending'") == "0");

  stage.Admin().AlterTopicConfig("today", {});
  const auto cured = std::chrono::steady_clock::now();
  REQUIRE(AwaitStatus(stage, id, "sent"));
  std::cout << "a retrying message is sent " << SecondsSince(cured)
            << " s after its cause is gone, backoff at most 1 s, after " << sql.Value("SELECT attempts" + row)
            << " refusals\n";
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(stage.kafka().bootstrap(), {"today"});
  REQUIRE(reader.ReadToEnd());
  CheckArrived(reader.records(), load);
  const auto ids = ArrivedIds(stage, reader.records(), "today", "k0");
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "1");
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
