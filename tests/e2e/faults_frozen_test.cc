// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// A relay is frozen at some moment of a batch, loses its connections, and goes on handing over what
// it had claimed while another relay is already at work on the same rows.
void FreezeAndRob(int rounds) {
  Stage stage;
  for (const char* topic : {"orders", "backlog"}) stage.Admin().CreateTopic(topic, 6);
  const Config named = {
      {"postgres.conninfo", "\"" + stage.postgres().conninfo("app", "relay") + " application_name=robbed\""}};
  const auto robbed = stage.StartRelay(named);
  const auto other = stage.StartRelay();
  robbed->AwaitReady();
  other->AwaitReady();
  Sql superuser = stage.Superuser();
  Load load(LoadOf(stage, 500, 50));
  Expected expected;
  for (int i = 0; i < rounds; ++i) {
    INFO(robbed->log());
    REQUIRE(AwaitMoreSent(*robbed));  // it has its connections again
    AddBacklog(stage, "backlog", 12'000, 60, expected);
    const double others = Sent(*other);
    WaitFor([&] { return robbed->Metric("inflight_messages").value_or(0) > 100; }, milliseconds(500));
    robbed->process().Kill(SIGSTOP);
    superuser.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'robbed'");
    WaitFor([&] { return Sent(*other) > others + 1'000; }, milliseconds(50 * (i % 5)));
    robbed->process().Kill(SIGCONT);
  }
  load.Stop();
  INFO(robbed->log());
  REQUIRE(stage.AwaitDrained(seconds(30)));
  expected.insert(load.committed().begin(), load.committed().end());
  const Verdict verdict = CheckDelivered(stage, {"orders", "backlog"}, expected);
  std::cout << rounds << " times frozen and robbed of its connections: " << verdict.duplicates
            << " duplicates of " << verdict.seen << "\n";
  CheckNothingCharged(stage);
  CHECK(robbed->Metric("swept_messages_total") == 0);
  CHECK(robbed->Stop() == 0);
  CHECK(other->Stop() == 0);
}

}  // namespace

TEST_CASE("a relay frozen for longer than its transactions may last breaks no order when it goes on") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const Config config = {{"delivery.deadline", "\"3s\""}, {"postgres.transaction_timeout", "\"13s\""}};
  const auto first = stage.StartRelay(config);
  first->AwaitReady();
  Load load(LoadOf(stage, 2'000, 20));
  REQUIRE(AwaitMoreSent(*first, 500));
  const auto second = stage.StartRelay(config);
  second->AwaitReady();
  // In the middle of a batch, so that it holds lanes; which of the two holds them is chance.
  stage.kafka().Freeze();
  std::this_thread::sleep_for(milliseconds(300));
  const auto holds = [](const RelayProcess& relay) {
    return relay.Metric("inflight_messages").value_or(0) > 0;
  };
  REQUIRE(WaitFor([&] { return holds(*first) || holds(*second); }));
  RelayProcess& frozen = holds(*first) ? *first : *second;
  frozen.process().Kill(SIGSTOP);
  stage.kafka().Thaw();
  std::this_thread::sleep_for(seconds(16));
  frozen.process().Kill(SIGCONT);
  REQUIRE(AwaitMoreSent(frozen, 500));
  load.Stop();
  INFO(frozen.log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "relay frozen for 16 s beside another: " << verdict.duplicates << " duplicates of "
            << verdict.seen << "\n";
  CheckNothingCharged(stage);
  CHECK(first->Stop() == 0);
  CHECK(second->Stop() == 0);
}

TEST_CASE("a relay that goes on with a batch that others have taken over breaks no order") {
  FreezeAndRob(10);
}
TEST_CASE("a relay that goes on a hundred times with a batch that others have taken over breaks no order",
          "[slow]") {
  FreezeAndRob(100);
}

}  // namespace outbox::test
