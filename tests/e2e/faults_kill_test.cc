// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr int kWorkers = 3;
constexpr int kBatch = 2'000;

void KillInTheMiddle(int kills, int rows, int keys) {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  stage.Admin().CreateTopic("backlog", 6);
  const Config config = {{"delivery.workers", std::to_string(kWorkers)},
                         {"delivery.batch_messages", std::to_string(kBatch)}};
  const auto survivor = stage.StartRelay(config);
  auto victim = stage.StartRelay(config);
  victim->AwaitReady();
  // So that there is always something for whoever comes back.
  Load load(LoadOf(stage, 500, 100));
  Expected expected;
  double slowest = 0;
  std::int64_t left = 0;
  for (int kill = 0; kill < kills; ++kill) {
    REQUIRE(AwaitMoreSent(*victim));
    AddBacklog(stage, "backlog", rows / kills, keys, expected);
    std::this_thread::sleep_for(milliseconds(20 + 37 * kill % 120));  // the backlog takes some 300
    victim->process().Kill(SIGKILL);
    left += stage.Count("pending");
    victim->process().Wait(seconds(10));
    const Stopwatch watch;
    victim = stage.StartRelay(config);
    INFO(victim->log());
    REQUIRE(AwaitMoreSent(*victim));
    slowest = std::max(slowest, watch.seconds());
  }
  load.Stop();
  INFO(survivor->log());
  REQUIRE(stage.AwaitDrained(seconds(60)));
  expected.insert(load.committed().begin(), load.committed().end());
  const Verdict verdict = CheckDelivered(stage, {"orders", "backlog"}, expected);
  std::cout << kills << " kills: resume after kill: max " << slowest << " s; " << verdict.duplicates
            << " duplicates of " << verdict.seen << " messages, " << left / kills
            << " of them unsent at a kill\n";
  CHECK(left / kills > kBatch);  // or it was not in the middle
  CHECK(slowest < 2);
  CHECK(verdict.duplicates <= kills * kWorkers * kBatch);
  CHECK(survivor->Metric("swept_messages_total") == 0);
  CHECK(survivor->Stop() == 0);
  CHECK(victim->Stop() == 0);
}

}  // namespace

TEST_CASE("a relay killed in the middle of a backlog loses nothing and breaks no order") {
  KillInTheMiddle(5, 60'000, 3'000);
}
TEST_CASE("a relay killed twenty times in the middle of a backlog loses nothing and breaks no order",
          "[slow]") {
  KillInTheMiddle(20, 600'000, 10'000);
}

}  // namespace outbox::test
