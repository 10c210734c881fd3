// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "e2e/faults_scene.h"
#include "support/catch.h"
#include "support/pgbouncer.h"

namespace outbox::test {

TEST_CASE("behind a transaction pooler a relay drains, survives the pooler's restart, and its own death") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  stage.Admin().CreateTopic("backlog", 6);
  // Fewer connections than the relays have workers.
  PgBouncer pooler(stage.postgres(), {{"default_pool_size", "5"}});
  const Config config = {{"postgres.conninfo", "\"" + pooler.conninfo("app", "relay") + "\""}};
  Expected expected;
  AddBacklog(stage, "backlog", 30'000, 1'000, expected);
  const auto survivor = stage.StartRelay(config);
  auto victim = stage.StartRelay(config);
  const Stopwatch drain;
  REQUIRE(stage.AwaitDrained(seconds(30)));
  std::cout << "30,000 messages drained through a pooler in " << drain.seconds() << " s\n";

  Load load(LoadOf(stage, 800, 50));
  double slowest = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(AwaitMoreSent(*victim, 200));
    victim->process().Kill(SIGKILL);
    victim->process().Wait(seconds(10));
    const Stopwatch watch;
    victim = stage.StartRelay(config);
    REQUIRE(AwaitMoreSent(*victim));
    slowest = std::max(slowest, watch.seconds());
  }
  CHECK(slowest < 2);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(AwaitMoreSent(*survivor, 200));
    pooler.Stop();
    CHECK(WaitFor([&] { return !survivor->Ready(); }));
    pooler.Start();
    REQUIRE(AwaitMoreSent(*survivor, 1, seconds(5)));
  }
  load.Stop();
  INFO(survivor->log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  expected.insert(load.committed().begin(), load.committed().end());
  const Verdict verdict = CheckDelivered(stage, {"orders", "backlog"}, expected);
  std::cout << "behind a pooler: resume after kill: max " << slowest
            << " s; 3 kills and 3 restarts of the pooler: " << verdict.duplicates << " duplicates of "
            << verdict.seen << "\n";
  CheckNothingCharged(stage);
  CHECK(survivor->Metric("swept_messages_total") == 0);
  CHECK(survivor->Stop() == 0);
  CHECK(victim->Stop() == 0);
}

}  // namespace outbox::test
