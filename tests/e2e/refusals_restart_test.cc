// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

void RestartAmidRefusals(int restarts) {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6, {{"max.message.bytes", "600000"}});
  auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(
      {.conninfo = stage.postgres().conninfo("app", "service"), .writers = 8, .keys = 5, .rate = 3'000});
  std::atomic<bool> stop{false};
  int refused = 0;
  std::thread refusals([&] {
    for (; !stop; ++refused) {
      const int key = refused % 5;
      load.Amid(key, [&] { Insert(stage, {"orders", "k" + std::to_string(key), Noise(800'000)}); });
      std::this_thread::sleep_for(milliseconds(70));
    }
  });
  for (int i = 0; i < restarts; ++i) {
    const double sent = relay->Metric("messages_sent_total").value_or(0);
    CHECK(
        WaitFor([&] { return relay->Metric("messages_sent_total").value_or(0) > sent + 300; }, seconds(15)));
    if (i % 2 == 0) {
      relay->process().Kill(SIGKILL);
      relay->process().Wait(seconds(5));
    } else {
      CHECK(relay->Stop() == 0);
    }
    relay = stage.StartRelay();
  }
  stop = true;
  refusals.join();
  load.Stop();
  const bool drained = stage.AwaitDrained(seconds(30));
  INFO(relay->log());
  REQUIRE(drained);
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  const std::int64_t duplicates = CheckArrived(reader.records(), load);
  std::cout << restarts << " restarts amid " << refused << " refusals: " << duplicates << " duplicates of "
            << load.count() << " messages\n";
  Sql sql = stage.Superuser();
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE attempts > 0") == std::to_string(refused));
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE status = 'failed' AND attempts = 1 AND length(payload) "
                  "> 600000") == std::to_string(refused));
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("order holds when the relay is restarted and killed amid refusals") { RestartAmidRefusals(6); }
TEST_CASE("order holds when the relay is restarted and killed amid refusals forty times", "[slow]") {
  RestartAmidRefusals(40);
}

}  // namespace outbox::test
