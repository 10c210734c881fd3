// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <set>
#include <thread>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Of a topic that was made anew amid the load: what arrived of each key has no holes up to its end.
std::int64_t Holes(const std::vector<Record>& records, const Load& load, const std::string& topic) {
  std::map<std::string, std::set<std::int64_t>> arrived;
  for (const Record& record : records) {
    if (record.topic == topic) arrived[topic + "/" + *record.key].insert(std::stoll(*record.payload));
  }
  std::int64_t holes = 0;
  for (const auto& [unit, count] : load.committed()) {
    if (!unit.starts_with(topic + "/") || arrived[unit].empty()) continue;
    holes += count - *arrived[unit].begin() + 1 - static_cast<std::int64_t>(arrived[unit].size());
  }
  return holes;
}

}  // namespace

TEST_CASE("a topic that is deleted and made again amid a load holds itself only, and goes on in order") {
  Stage stage;
  for (const char* topic : {"orders", "volatile"}) {
    stage.Admin().CreateTopic(topic, 3, {{"message.timestamp.type", "LogAppendTime"}});
  }
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"orders", "volatile"},
             .writers = 4,
             .keys = 20,
             .rate = 1'000});
  REQUIRE(WaitFor([&] { return load.count() > 1'500; }));
  stage.Admin().DeleteTopic("volatile");
  std::this_thread::sleep_for(seconds(3));
  stage.Admin().CreateTopic("volatile", 3, {{"message.timestamp.type", "LogAppendTime"}});
  const auto created = std::chrono::steady_clock::now();
  const auto arrives = [&] {
    TopicReader reader(stage.kafka().bootstrap(), {"volatile"});
    return reader.ReadUntil(1, milliseconds(50));
  };
  const bool arrived = WaitFor(arrives, seconds(30));
  const double resumed = SecondsSince(created);
  INFO(relay->log());
  REQUIRE(arrived);
  std::this_thread::sleep_for(seconds(1));
  load.Stop();
  const bool drained = stage.AwaitDrained(seconds(20));
  INFO(relay->log());
  REQUIRE(drained);
  TopicReader reader(stage.kafka().bootstrap(), {"orders", "volatile"});
  REQUIRE(reader.ReadToEnd());
  std::map<std::string, std::int64_t> orders;
  for (const auto& [unit, count] : load.committed()) {
    if (unit.starts_with("orders/")) orders[unit] = count;
  }
  std::vector<Record> healthy, again;
  for (const Record& record : reader.records())
    (record.topic == "orders" ? healthy : again).push_back(record);
  const Verdict others = Judge(healthy, orders);
  CHECK(others.lost == 0);
  CHECK(others.out_of_order == 0);
  const Verdict anew = Judge(again, load.committed());
  for (const std::string& example : anew.examples) UNSCOPED_INFO(example);
  CHECK(anew.out_of_order == 0);
  CHECK(anew.phantoms == 0);
  CHECK(Holes(again, load, "volatile") == 0);
  std::cout << "a topic made anew is delivered to again after " << resumed << " s; "
            << others.duplicates + anew.duplicates << " duplicates; longest silence of the other topic "
            << LongestSilenceMs(healthy, "orders") << " ms\n";
  CHECK(resumed < 10);
  CHECK(LongestSilenceMs(healthy, "orders") < 3'000);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "0");
  CHECK(relay->Metric("topics_paused") == 0.0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
