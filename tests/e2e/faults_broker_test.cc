// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

void StopTheBroker(seconds away) {
  Stage stage;
  for (const char* topic : {"orders", "probe"}) stage.Admin().CreateTopic(topic, 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(LoadOf(stage, 800, 50));
  REQUIRE(AwaitMoreSent(*relay, 800));
  stage.kafka().Stop();
  const Stopwatch watch;
  CHECK(WaitFor([&] { return relay->Metric("breaker_state", {"state=\"open\""}) == 1; }, seconds(12)));
  const double opened = watch.seconds();
  CHECK(WaitFor([&] { return !relay->Ready(); }));
  CHECK(HttpGet(relay->port(), "/livez").status == 200);
  std::this_thread::sleep_for(away - std::chrono::duration<double>(watch.seconds()));
  auto acknowledged = FirstSuccess([&stage] { Produce(stage.kafka().bootstrap(), "probe", "k", "1"); });
  auto delivered = FirstSent(*relay);
  stage.kafka().Start();
  const double late = Seconds(delivered.get() - acknowledged.get());
  REQUIRE(AwaitMoreSent(*relay, 800));
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "broker away for " << watch.seconds() << " s: breaker open after " << opened << " s, delivery "
            << late << " s after an independent producer's first acknowledgement, " << verdict.duplicates
            << " duplicates of " << verdict.seen << "\n";
  CHECK(late < 3);
  CheckNothingCharged(stage);
  CHECK(WaitFor([&] { return relay->Ready(); }));
  CHECK(relay->Metric("breaker_state", {"state=\"closed\""}) == 1);
  CHECK(relay->Stop() == 0);
}

// Frozen, it has the last requests in its sockets. Thawed, it works them off; killed, it has lost them,
// and nobody can have known.
void FreezeTheBroker(bool kill) {
  Stage stage;
  for (const char* topic : {"orders", "probe"}) stage.Admin().CreateTopic(topic, 6);
  const auto relay =
      stage.StartRelay({{"delivery.deadline", "\"4s\""}, {"postgres.transaction_timeout", "\"14s\""}});
  relay->AwaitReady();
  Load load(LoadOf(stage, 800, 20));
  REQUIRE(AwaitMoreSent(*relay, 800));
  stage.kafka().Freeze();
  std::this_thread::sleep_for(seconds(kill ? 6 : 10));
  CHECK(relay->Metric("producer_generations_total", {"reason=\"deadline\""}).value_or(0) > 0);
  CHECK(HttpGet(relay->port(), "/livez").status == 200);
  auto acknowledged = FirstSuccess([&stage] { Produce(stage.kafka().bootstrap(), "probe", "k", "1"); });
  auto delivered = FirstSent(*relay);
  if (kill) {
    stage.kafka().Crash();
    stage.kafka().Start();
  } else {
    stage.kafka().Thaw();
  }
  const double late = Seconds(delivered.get() - acknowledged.get());
  REQUIRE(AwaitMoreSent(*relay, 800));
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "broker frozen" << (kill ? " and killed" : " for 10 s") << ": delivery " << late
            << " s after an independent producer's first acknowledgement, " << verdict.duplicates
            << " duplicates of " << verdict.seen << "\n";
  CHECK(late < 3);
  CheckNothingCharged(stage);
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("a broker that is away costs no attempt, and delivery goes on as soon as it is back") {
  StopTheBroker(seconds(12));
}
TEST_CASE("a broker that is away for a minute costs no attempt", "[slow]") { StopTheBroker(seconds(60)); }

TEST_CASE("a broker that freezes costs no attempt and no order") { FreezeTheBroker(false); }
TEST_CASE("what a broker lost when it was killed is sent again") { FreezeTheBroker(true); }

TEST_CASE("a relay that starts without a broker waits for it") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  stage.kafka().Stop();
  const auto relay = stage.StartRelay();
  CHECK(WaitFor([&] { return HttpGet(relay->port(), "/livez").status == 200; }));
  Load load(LoadOf(stage, 200, 10));
  CHECK(WaitFor([&] { return relay->Metric("breaker_state", {"state=\"open\""}) == 1; }, seconds(15)));
  CHECK(HttpGet(relay->port(), "/readyz").status == 503);
  CHECK(HttpGet(relay->port(), "/livez").status == 200);
  CHECK(relay->log().find("breaker") != std::string::npos);
  CHECK(relay->process().running());
  stage.kafka().Start();
  INFO(relay->log());
  REQUIRE(AwaitMoreSent(*relay, 200));
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CheckDelivered(stage, {"orders"}, load.committed());
  CheckNothingCharged(stage);
  CHECK(WaitFor([&] { return relay->Ready(); }));
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
