// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("with completion by delete nothing stays, and nothing is lost when a relay is killed") {
  Stage::Options options;
  options.config = {{"outbox.completion", "\"delete\""}};
  Stage stage(options);
  stage.Admin().CreateTopic("orders", 6);
  stage.Admin().CreateTopic("backlog", 6);
  Expected expected;
  AddBacklog(stage, "backlog", 60'000, 1'000, expected);
  const auto relay = stage.StartRelay();
  auto victim = stage.StartRelay();
  const Stopwatch drain;
  REQUIRE(stage.AwaitDrained(seconds(30)));
  std::cout << "60,000 messages drained by delete in " << drain.seconds() << " s\n";
  Load load(LoadOf(stage, 1'000, 50));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(AwaitMoreSent(*victim, 300));
    victim->process().Kill(SIGKILL);
    victim = stage.StartRelay();
  }
  REQUIRE(AwaitMoreSent(*victim, 300));
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(20)));
  expected.insert(load.committed().begin(), load.committed().end());
  CheckDelivered(stage, {"orders", "backlog"}, expected);
  CHECK(stage.Count() == 0);
  CHECK(relay->Metric("swept_messages_total") == 0);
  CHECK(relay->Stop() == 0);
  CHECK(victim->Stop() == 0);
}

TEST_CASE("a wake-up reaches a relay that hardly polls, and polling goes on without it") {
  Stage::Options options;
  options.schema_arguments = {"--with-notify"};
  options.config = {{"outbox.wake_up", "\"notify\""}, {"outbox.poll", "{ min = \"1s\", max = \"2s\" }"}};
  Stage stage(options);
  stage.Admin().CreateTopic("orders", 6, {{"message.timestamp.type", "LogAppendTime"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Expected expected;
  AddBacklog(stage, "orders", 100, 100, expected);
  REQUIRE(stage.AwaitDrained(seconds(10)));
  // Rarely enough that every insert can notify.
  Load load(LoadOf(stage, 20, 100));
  REQUIRE(WaitFor([&] { return load.count() >= 60; }));
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  std::vector<Record> records = reader.records();
  std::erase_if(records, [](const Record& record) { return record.payload->starts_with("1 0 "); });
  const auto latencies = Latencies(records);
  REQUIRE(latencies.size() >= 60);
  std::cout << "woken by NOTIFY, polling every 1 to 2 s: p50 " << Percentile(latencies, 50) << " ms, p90 "
            << Percentile(latencies, 90) << " ms\n";
  CHECK(Percentile(latencies, 50) < 100);
  CHECK(relay->Metric("swept_messages_total") == 0);
  // Without the listener's connection only polling is left.
  CHECK(stage.Superuser().Value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                                "application_name LIKE '%listener%'") == "1");
  stage.Service().Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'after', '1 0 ')");
  CHECK(stage.AwaitDrained(seconds(5)));
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
