// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

// Seconds from the moment when an independent connection could insert again to the first settlement.
double RestartPostgres(Stage& stage, const RelayProcess& relay, PostgresServer::StopMode mode) {
  stage.postgres().Stop(mode);
  CHECK(WaitFor([&] { return !relay.Ready(); }));
  CHECK(HttpGet(relay.port(), "/livez").status == 200);
  auto inserted =
      FirstSuccess([&stage] { stage.Service().Run("INSERT INTO outbox (topic) VALUES ('probe')"); });
  auto sent = FirstSent(relay);
  stage.postgres().Start();
  return std::chrono::duration<double>(sent.get() - inserted.get()).count();
}

}  // namespace

TEST_CASE("PostgreSQL is restarted and crashes under load, and two relays go on at once") {
  Stage stage;
  for (const char* topic : {"orders", "probe"}) stage.Admin().CreateTopic(topic, 6);
  const auto relay = stage.StartRelay();
  const auto other = stage.StartRelay();
  relay->AwaitReady();
  other->AwaitReady();
  Load load(LoadOf(stage, 800, 50));
  for (const auto mode : {PostgresServer::StopMode::kFast, PostgresServer::StopMode::kImmediate}) {
    REQUIRE(AwaitMoreSent(*relay, 400));
    const double late = RestartPostgres(stage, *relay, mode);
    std::cout << (mode == PostgresServer::StopMode::kFast ? "PostgreSQL restarted" : "PostgreSQL crashed")
              << ": first settlement " << late << " s after an independent insert\n";
    CHECK(late < 3);
  }
  REQUIRE(AwaitMoreSent(*relay, 400));
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "PostgreSQL restarted twice: " << verdict.duplicates << " duplicates of " << verdict.seen
            << "\n";
  CheckNothingCharged(stage);
  for (const auto* each : {&relay, &other}) {
    CHECK((*each)->Metric("swept_messages_total") == 0);
    CHECK((*each)->Stop() == 0);
  }
}

TEST_CASE("a relay that starts without PostgreSQL waits for it") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  stage.postgres().Stop();
  const auto relay = stage.StartRelay();
  CHECK(WaitFor([&] {
    return relay->log().find("not connected") != std::string::npos ||
           relay->log().find("PostgreSQL") != std::string::npos;
  }));
  INFO(relay->log());
  const HttpAnswer ready = HttpGet(relay->port(), "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("not connected") != std::string::npos);
  CHECK(HttpGet(relay->port(), "/livez").status == 200);
  CHECK(relay->process().running());
  stage.postgres().Start();
  Load load(LoadOf(stage, 200, 10));
  REQUIRE(AwaitMoreSent(*relay, 200));
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  CheckDelivered(stage, {"orders"}, load.committed());
  CHECK(WaitFor([&] { return relay->Ready(); }));
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
