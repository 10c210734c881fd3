// SPDX-License-Identifier: Apache-2.0
#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("run --once sends everything and ends with 0, also when there is nothing to send") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  Expected expected;
  AddBacklog(stage, "orders", 20'000, 100, expected);
  for (int i = 0; i < 2; ++i) {
    const auto relay = stage.StartRelay({}, {"run", "--once"});
    const auto exit = relay->process().Wait(seconds(30));
    INFO(relay->log());
    CHECK(exit == 0);
    CHECK(stage.Count("sent") == 20'000);
  }
  CHECK(CheckDelivered(stage, {"orders"}, expected).duplicates == 0);
}

TEST_CASE("run --once ends with 1 when a message has failed, and has sent the others") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  Expected expected;
  AddBacklog(stage, "orders", 1'000, 100, expected);
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'k0', repeat('x', 3000000))");
  const auto relay = stage.StartRelay({}, {"run", "--once"});
  const auto exit = relay->process().Wait(seconds(30));
  INFO(relay->log());
  CHECK(exit == 1);
  CHECK(stage.Count("sent") == 1'000);
  CHECK(stage.Count("failed") == 1);
  CheckDelivered(stage, {"orders"}, expected);
}

TEST_CASE("run --once ends with 75 when its time is over, and nothing is charged") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  Expected expected;
  AddBacklog(stage, "orders", 1'000, 100, expected);
  stage.kafka().Stop();
  const auto relay =
      stage.StartRelay({{"delivery.shutdown_grace", "\"2s\""}}, {"run", "--once", "--max-time", "5"});
  const Stopwatch watch;
  const auto exit = relay->process().Wait(seconds(30));
  INFO(relay->log());
  CHECK(exit == 75);
  CHECK(watch.seconds() < 12);
  CHECK(stage.Count("pending") == 1'000);
  CheckNothingCharged(stage);
}

}  // namespace outbox::test
