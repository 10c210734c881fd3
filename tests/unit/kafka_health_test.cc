// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "kafka/broker_health.h"
#include "kafka/census.h"
#include "kafka/footing.h"
#include "kafka/kafka_statistics.h"
#include "support/catch.h"

namespace outbox {
namespace {

constexpr TimePoint kStart{seconds(1'000)};

KafkaStatistics Brokers(std::vector<KafkaBrokerStatistics> brokers) {
  KafkaStatistics statistics;
  statistics.brokers = std::move(brokers);
  return statistics;
}

TEST_CASE("a topic has its footing while every partition has persisted something of late", "[kafka]") {
  Footing footing;
  CHECK_FALSE(footing.complete(kStart));
  footing.SetPartitions(2);
  footing.OnPersisted(0);
  CHECK_FALSE(footing.complete(kStart + seconds(1)));
  footing.OnPersisted(1);
  CHECK(footing.complete(kStart + seconds(2)));
  footing.SetPartitions(3);
  CHECK_FALSE(footing.complete(kStart + seconds(3)));
  footing.OnPersisted(2);
  CHECK(footing.complete(kStart + seconds(59)));
  CHECK(footing.complete(kStart + seconds(61)));  // what was in the window before counts
  footing.OnPersisted(0);
  footing.OnPersisted(1);
  CHECK(footing.complete(kStart + seconds(119)));
  CHECK_FALSE(footing.complete(kStart + seconds(121)));  // the last one was silent for a whole window
  footing.OnPersisted(2);
  CHECK(footing.complete(kStart + seconds(122)));
  CHECK_FALSE(footing.complete(kStart + seconds(300)));  // all were
  for (int partition = 0; partition < 3; ++partition) footing.OnPersisted(partition);
  CHECK(footing.complete(kStart + seconds(301)));
}

TEST_CASE("statistics tell increases and which brokers are up or needed", "[kafka]") {
  StatisticsReader reader(Road::kAlone);
  const auto first = reader.Read(R"({"msg_cnt": 7, "eos": {"epoch_cnt": 1}, "brokers": {
    ":0/internal": {"source": "internal", "state": "INIT"},
    "a:1/1": {"state": "UP", "req_timeouts": 2, "disconnects": 1},
    "b:2/2": {"state": "INIT"}}})");
  REQUIRE(first);
  CHECK(first->road == Road::kAlone);
  CHECK(first->queue_messages == 7);
  CHECK(first->epoch_bumps == 0);
  REQUIRE(first->brokers.size() == 2);
  CHECK(first->brokers[0].name == "a:1/1");
  CHECK(first->brokers[0].up);
  CHECK(first->brokers[0].request_timeouts == 2);
  CHECK_FALSE(first->brokers[1].needed);

  const auto second = reader.Read(R"({"msg_cnt": 0, "eos": {"epoch_cnt": 3}, "brokers": {
    "a:1/1": {"state": "DOWN", "req_timeouts": 5, "disconnects": 1}}})");
  REQUIRE(second);
  CHECK(second->epoch_bumps == 2);
  REQUIRE(second->brokers.size() == 1);
  CHECK_FALSE(second->brokers[0].up);
  CHECK(second->brokers[0].needed);
  CHECK(second->brokers[0].request_timeouts == 3);
  CHECK(second->brokers[0].disconnects == 0);
}

TEST_CASE("statistics of another form are left out", "[kafka]") {
  StatisticsReader reader(Road::kMain);
  CHECK_FALSE(reader.Read("{"));
  CHECK_FALSE(reader.Read("{}"));
  CHECK_FALSE(reader.Read(R"({"brokers": {"a": {"state": 1}}})"));
}

TEST_CASE("brokers are down since the first time that all were, until one answers", "[kafka]") {
  BrokerHealth health;
  CHECK_FALSE(health.Get().ever_connected);
  health.OnAllDown(kStart);
  health.OnAllDown(kStart + seconds(3));
  CHECK(health.Get().all_down_since == kStart);
  CHECK_FALSE(health.Get().ever_connected);
  health.OnAnswer();
  CHECK_FALSE(health.Get().all_down_since);
  CHECK(health.Get().ever_connected);
  CHECK(health.Get().brokers_up == 1);
  health.OnAllDown(kStart + seconds(9));
  CHECK(health.Get().all_down_since == kStart + seconds(9));
  CHECK(health.Get().brokers_up == 0);
}

TEST_CASE("the last trouble is told until a broker answers", "[kafka]") {
  BrokerHealth health;
  health.OnTrouble("a: refused");
  health.OnTrouble("b: expired");
  CHECK(health.Get().trouble == "b: expired");
  health.OnStatistics(Brokers({{.name = "a"}}), kStart);
  CHECK(health.Get().trouble == "b: expired");
  health.OnAnswer();
  CHECK(health.Get().trouble.empty());
  health.OnTrouble("a: refused");  // one of several, while another one serves
  health.OnStatistics(Brokers({{.name = "b", .up = true}}), kStart);
  CHECK(health.Get().trouble.empty());
}

TEST_CASE("a broker that nobody needs is not down", "[kafka]") {
  BrokerHealth health;
  health.OnStatistics(Brokers({{.name = "a", .up = true, .needed = true}, {.name = "b"}}), kStart);
  CHECK(health.Get().ever_connected);
  CHECK(health.Get().brokers_up == 1);
  health.OnStatistics(Brokers({{.name = "a", .needed = true}}), kStart + seconds(5));
  CHECK(health.Get().all_down_since == kStart + seconds(5));
  health.OnStatistics(Brokers({{.name = "a"}}), kStart + seconds(10));
  CHECK_FALSE(health.Get().all_down_since);
  CHECK(health.Get().brokers_up == 0);
}

TEST_CASE("a broker is needed while messages wait for it, whatever the client does at the moment",
          "[kafka]") {
  BrokerHealth health;
  health.OnAllDown(kStart);
  auto between_two_tries = Brokers({{.name = "a"}});
  between_two_tries.queue_messages = 1;
  health.OnStatistics(between_two_tries, kStart + seconds(5));
  CHECK(health.Get().all_down_since == kStart);
  health.OnStatistics(Brokers({{.name = "a"}}), kStart + seconds(10));
  CHECK_FALSE(health.Get().all_down_since);
}

TEST_CASE("five undestroyed generations are too many, and ten minutes of that without hope", "[kafka]") {
  Census census;
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(census.crowded());
    census.Started();
    census.Ended(kStart);
  }
  CHECK(census.crowded());
  CHECK_FALSE(census.hopeless(kStart + seconds(599)));
  CHECK(census.hopeless(kStart + seconds(600)));
  CHECK(census.AwaitGone(milliseconds(1)) == 5);
  census.Gone();
  CHECK_FALSE(census.crowded());
  CHECK_FALSE(census.hopeless(kStart + seconds(600)));
  std::thread others([&census] {
    for (int i = 0; i < 4; ++i) census.Gone();
  });
  CHECK(census.AwaitGone(seconds(10)) == 0);
  others.join();
}

}  // namespace
}  // namespace outbox
