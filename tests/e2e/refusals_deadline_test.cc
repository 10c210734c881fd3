// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("a broker that freezes beyond the deadline amid hot keys costs no order and no attempt") {
  constexpr int kFreezes = 3;
  constexpr int kWorkers = 3, kBatch = 2'000;
  Stage stage({.config = {{"delivery.deadline", "\"3s\""}, {"postgres.transaction_timeout", "\"13s\""}}});
  stage.Admin().CreateTopic("orders", 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(
      {.conninfo = stage.postgres().conninfo("app", "service"), .writers = 8, .keys = 5, .rate = 2'000});
  double longest = 0;
  for (int i = 0; i < kFreezes; ++i) {
    const std::int64_t before = load.count();
    REQUIRE(
        WaitFor([&] { return load.count() > before + 1'000 && stage.Count("pending") < 500; }, seconds(30)));
    const double ended = relay->Metric("producer_generations_total", {"reason=\"deadline\""}).value_or(0);
    stage.kafka().Freeze();
    const bool gave_up = WaitFor(
        [&] {
          return relay->Metric("producer_generations_total", {"reason=\"deadline\""}).value_or(0) > ended;
        },
        seconds(10));
    std::this_thread::sleep_for(seconds(1));  // into the time after the deadline
    const double sent = relay->Metric("messages_sent_total").value_or(0);
    stage.kafka().Thaw();
    const auto thawed = std::chrono::steady_clock::now();
    INFO(relay->log());
    REQUIRE(gave_up);
    REQUIRE(WaitFor([&] { return relay->Metric("messages_sent_total").value_or(0) > sent; }, seconds(20)));
    longest = std::max(longest, SecondsSince(thawed));
  }
  load.Stop();
  const bool drained = stage.AwaitDrained(seconds(30));
  INFO(relay->log());
  REQUIRE(drained);
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  const std::int64_t duplicates = CheckArrived(reader.records(), load);
  std::cout << kFreezes << " freezes beyond the deadline: " << duplicates << " duplicates of " << load.count()
            << " messages; first commit at most " << longest << " s after the thaw\n";
  CHECK(duplicates <= kFreezes * kWorkers * kBatch);
  CHECK(longest < 5);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE attempts > 0 OR status <> 'sent'") == "0");
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
