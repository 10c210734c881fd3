// SPDX-License-Identifier: Apache-2.0
#include <ctime>
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "support/catch.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// The local time in so long, "13:07".
std::string TimeIn(seconds later) {
  const std::time_t then = std::time(nullptr) + later.count();
  std::tm local{};
  localtime_r(&then, &local);
  char text[6] = "";
  std::strftime(text, sizeof text, "%H:%M", &local);
  return text;
}

std::string Windows(seconds from, seconds to) { return "[\"" + TimeIn(from) + "-" + TimeIn(to) + "\"]"; }

void Insert(const Stage& stage, int messages) {
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'orders', 'k', i FROM generate_series(1, " +
      std::to_string(messages) + ") i");
}

bool Claims(const RelayProcess& relay) { return relay.Metric("cadence_active").value_or(-1) == 1; }

}  // namespace

TEST_CASE("outside of its windows a relay is silent and says so, and a reload opens one") {
  Stage stage;
  stage.Admin().CreateTopic("orders");
  Config config{{"cadence.mode", "\"windows\""}, {"cadence.windows", Windows(hours(2), hours(3))}};
  const auto relay = stage.StartRelay(config);
  relay->AwaitReady();
  Insert(stage, 10);
  REQUIRE(WaitFor([&] { return relay->Metric("cadence_active").value_or(-1) == 0; }));
  const std::string until = "silent until " + config["cadence.windows"].substr(2, 5);
  CHECK(HttpGet(relay->port(), "/readyz").body.find(until) != std::string::npos);
  CHECK(HttpGet(relay->port(), "/").body.find(until) != std::string::npos);
  CHECK(relay->log().find(until) != std::string::npos);
  const Finished asked = Run({RelayBinary(), "-c", relay->config_file(), "healthcheck"});
  CHECK(asked.exit == 0);
  CHECK(asked.out.find(until) != std::string::npos);
  const std::string as_operator = "postgres.conninfo=" + stage.postgres().conninfo("app", "operator");
  const Finished status = Run({RelayBinary(), "-c", relay->config_file(), "--set", as_operator, "status"});
  INFO(status.out << status.err);
  CHECK(status.out.find(until) != std::string::npos);
  std::this_thread::sleep_for(seconds(2));
  CHECK(stage.Count("pending") == 10);

  config["cadence.windows"] = Windows(-hours(1), hours(1));
  config.insert({{"postgres.conninfo", "\"" + stage.postgres().conninfo("app", "relay") + "\""},
                 {"kafka.brokers", "[\"" + stage.kafka().bootstrap() + "\"]"},
                 {"outbox.name", "\"orders\""}});
  relay->WriteConfig(config);
  relay->process().Kill(SIGHUP);
  CHECK(stage.AwaitDrained(seconds(10)));
  CHECK(WaitFor([&] { return Claims(*relay); }));
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a window opens by itself", "[slow]") {
  Stage stage;
  stage.Admin().CreateTopic("orders");
  Insert(stage, 10);
  const auto relay = stage.StartRelay(
      {{"cadence.mode", "\"windows\""}, {"cadence.windows", Windows(seconds(70), minutes(10))}});
  relay->AwaitReady();
  std::this_thread::sleep_for(seconds(5));
  CHECK(stage.Count("pending") == 10);
  CHECK(stage.AwaitDrained(seconds(75)));
  CHECK(relay->Stop() == 0);
}

TEST_CASE("at intervals a relay catches up and is silent again") {
  Stage stage;
  stage.Admin().CreateTopic("orders");
  Insert(stage, 20'000);
  const auto relay = stage.StartRelay({{"cadence.mode", "\"interval\""}, {"cadence.every", "\"6s\""}});
  const Stopwatch since_start;
  CHECK(stage.AwaitDrained(seconds(5)));
  REQUIRE(WaitFor([&] { return !Claims(*relay); }, seconds(5)));
  const double silent = since_start.seconds();
  Insert(stage, 10);
  CHECK(stage.Count("pending") == 10);
  REQUIRE(stage.AwaitDrained(seconds(8)));
  std::cout << "every 6 s: silent after " << silent << " s, the next run came after " << since_start.seconds()
            << " s\n";
  CHECK(since_start.seconds() > 4);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a manual relay leaves everything to run --once") {
  Stage stage;
  stage.Admin().CreateTopic("orders");
  const Config manual{{"cadence.mode", "\"manual\""}};
  const auto relay = stage.StartRelay(manual);
  relay->AwaitReady();
  Insert(stage, 100);
  std::this_thread::sleep_for(seconds(3));
  CHECK(stage.Count("pending") == 100);
  CHECK(relay->Metric("cadence_active").value_or(-1) == 0);
  const auto once = stage.StartRelay(manual, {"run", "--once"});
  CHECK(once->process().Wait(seconds(30)) == 0);
  CHECK(stage.Count("sent") == 100);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("run --once ends when also what is limited is sent") {
  Stage stage;
  for (const char* topic : {"orders", "bulk"}) stage.Admin().CreateTopic(topic);
  Insert(stage, 100);
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'bulk', 'k', i FROM generate_series(1, 900) i");
  const auto once = stage.StartRelay({{"pace.topics", "{ bulk = 300 }"}}, {"run", "--once"});
  CHECK(once->process().Wait(seconds(30)) == 0);
  CHECK(stage.Count("sent") == 1'000);
}

}  // namespace outbox::test
