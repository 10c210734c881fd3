// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("a relay told to stop under load leaves nothing behind that its successor repeats") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  Load load(LoadOf(stage, 2'000, 100));
  double slowest = 0;
  for (int i = 0; i < 5; ++i) {
    const auto relay = stage.StartRelay();
    relay->AwaitReady();
    REQUIRE(AwaitMoreSent(*relay, 500));
    const Stopwatch watch;
    INFO(relay->log());
    CHECK(relay->Stop() == 0);
    slowest = std::max(slowest, watch.seconds());
  }
  load.Stop();
  const auto last = stage.StartRelay();
  REQUIRE(stage.AwaitDrained(seconds(20)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "SIGTERM under load: max " << slowest << " s, " << verdict.duplicates << " duplicates\n";
  CHECK(verdict.duplicates == 0);
  CHECK(slowest < 10);
  CHECK(last->Stop() == 0);
}

TEST_CASE("a relay told to stop while the broker is away ends within its grace, told again at once") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const Config config = {{"delivery.shutdown_grace", "\"5s\""}};
  Load load(LoadOf(stage, 500, 50));
  for (const bool again : {false, true}) {
    const auto relay = stage.StartRelay(config);
    relay->AwaitReady();
    REQUIRE(AwaitMoreSent(*relay, 200));
    stage.kafka().Freeze();
    REQUIRE(WaitFor([&] { return relay->Metric("inflight_messages").value_or(0) > 0; }));
    std::this_thread::sleep_for(milliseconds(300));  // what is in flight now stays so
    const Stopwatch watch;
    relay->process().Kill(SIGTERM);
    if (again) {
      REQUIRE(WaitFor([&] { return relay->log().find("stopping") != std::string::npos; }));
      relay->process().Kill(SIGTERM);
    }
    CHECK(relay->process().Wait(seconds(20)) == 0);
    const double took = watch.seconds();
    INFO(relay->log());
    std::cout << "SIGTERM " << (again ? "twice " : "") << "while the broker is away, grace 5 s: ends after "
              << took << " s\n";
    CHECK(took < (again ? 4 : 9));
    stage.kafka().Thaw();
  }
  load.Stop();
  const auto relay = stage.StartRelay(config);
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CheckDelivered(stage, {"orders"}, load.committed());
  CheckNothingCharged(stage);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a configuration is reloaded under load, and a wrong one is not") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  Config config = {{"postgres.conninfo", "\"" + stage.postgres().conninfo("app", "relay") + "\""},
                   {"kafka.brokers", "[\"" + stage.kafka().bootstrap() + "\"]"},
                   {"outbox.name", "\"orders\""}};
  const auto relay = stage.StartRelay(config);
  relay->AwaitReady();
  Load load(LoadOf(stage, 1'000, 100));
  REQUIRE(AwaitMoreSent(*relay, 200));
  config["delivery.batch_messages"] = "100";
  relay->WriteConfig(config);
  relay->process().Kill(SIGHUP);
  CHECK(WaitFor([&] { return relay->log().find("configuration reloaded") != std::string::npos; }));
  CHECK(relay->Metric("config_last_reload_successful") == 1);
  REQUIRE(AwaitMoreSent(*relay, 200));
  config["delivery.batch_messages"] = "\"many\"";
  relay->WriteConfig(config);
  relay->process().Kill(SIGHUP);
  CHECK(WaitFor([&] { return relay->Metric("config_last_reload_successful") == 0; }));
  CHECK(relay->log().find("batch_messages") != std::string::npos);
  REQUIRE(AwaitMoreSent(*relay, 200));
  config["delivery.batch_messages"] = "200";
  config["delivery.workers"] = "5";  // cannot change while it runs
  relay->WriteConfig(config);
  relay->process().Kill(SIGHUP);
  CHECK(WaitFor([&] { return relay->log().find("delivery.workers") != std::string::npos; }));
  REQUIRE(AwaitMoreSent(*relay, 200));
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(10)));
  CHECK(CheckDelivered(stage, {"orders"}, load.committed()).duplicates == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
