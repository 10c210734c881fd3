// SPDX-License-Identifier: Apache-2.0
// A real Prometheus scrapes a real relay: what the dashboard asks is answered, and an outage raises its
// alert.
#include <cstdlib>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "e2e/load.h"
#include "e2e/stage.h"
#include "support/catch.h"
#include "support/prometheus_server.h"

namespace outbox::test {
namespace {

using nlohmann::json;

const std::filesystem::path kDeploy = OUTBOX_DEPLOY_FOLDER;

// With the minutes that an alert waits shortened to seconds.
std::string ImpatientRules() {
  return std::regex_replace(ReadFile(kDeploy / "prometheus/outbox-relay.rules.yml"),
                            std::regex("for: [0-9]+m"), "for: 1s");
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// As Grafana would ask it for all outboxes.
std::string Filled(const std::string& expression) {
  return Replaced(Replaced(expression, "$__rate_interval", "10s"), "$outbox", ".*");
}

void ForEachQuery(const std::function<void(const json& panel, const std::string& expression)>& look) {
  const json dashboard = json::parse(ReadFile(kDeploy / "grafana/outbox-relay.json"));
  for (const json& panel : dashboard["panels"])
    for (const json& target : panel.value("targets", json::array())) look(panel, target["expr"]);
}

// Where scripts/dashboard-picture wants what the panels show; null: nobody asks.
const char* PictureFile() { return std::getenv("OUTBOX_TEST_DASHBOARD"); }

// It shall be seen how things are before and after an outage.
void LingerForPicture() {
  if (PictureFile() != nullptr) std::this_thread::sleep_for(seconds(25));
}

// What the panels show from `from` to now.
void KeepAnswers(const PrometheusServer& prometheus, std::time_t from, const json& outage) {
  if (PictureFile() == nullptr) return;
  const std::time_t to = std::time(nullptr);
  json kept{{"from", from}, {"to", to}, {"outage", outage}};
  ForEachQuery([&](const json&, const std::string& expression) {
    const json answer = json::parse(prometheus.QueryRange(Filled(expression), from, to));
    kept["answers"][expression] = answer["data"]["result"];
  });
  WriteFile(PictureFile(), kept.dump());
}

// Panels that show nothing while all is well, or need rights that the relay does not have here.
bool MayBeEmpty(const std::string& expression) {
  return expression.ends_with("> 0") || expression.find("oldest_transaction") != std::string::npos;
}

}  // namespace

TEST_CASE("every query of the dashboard is answered, and an outage of Kafka raises its alert and ends it") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 3);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  const PrometheusServer prometheus("outbox-relay-orders", {relay->port()}, ImpatientRules());
  Load load({.conninfo = stage.postgres().conninfo("app", "service"), .rate = 200});
  INFO(prometheus.log());
  // One sample of the table, and scrapes before and after it.
  REQUIRE(WaitFor(
      [&] {
        const json lag = json::parse(prometheus.Query("count_over_time(outbox_relay_lag_seconds[1m]) > 5"));
        return !lag["data"]["result"].empty();
      },
      seconds(40)));

  int queries = 0;
  ForEachQuery([&](const json& panel, const std::string& asked) {
    const std::string expression = Filled(asked);
    INFO(panel["title"] << ": " << expression);
    const json answer = json::parse(prometheus.Query(expression));
    CHECK(answer["status"] == "success");
    if (!MayBeEmpty(expression)) CHECK_FALSE(answer["data"]["result"].empty());
    ++queries;
  });
  CHECK(queries > 30);
  const json firing = json::parse(prometheus.Query(R"(ALERTS{alertstate="firing",severity="critical"})"));
  CHECK(firing["data"]["result"] == json::array());

  const std::time_t began = std::time(nullptr);
  LingerForPicture();
  json outage = json::array({std::time(nullptr)});
  stage.kafka().Stop();
  CHECK(WaitFor([&] { return prometheus.HasAlert("OutboxRelayKafkaUnavailable", "firing"); }, seconds(40)));
  CHECK(WaitFor([&] { return prometheus.HasAlert("OutboxRelayBreakerOpen", "firing"); }, seconds(40)));
  stage.kafka().Start();
  outage.push_back(std::time(nullptr));
  CHECK(WaitFor([&] { return !prometheus.HasAlert("OutboxRelayKafkaUnavailable", "firing"); }, seconds(40)));
  LingerForPicture();
  KeepAnswers(prometheus, began, outage);
  load.Stop();
  CHECK(stage.AwaitDrained(seconds(30)));
  CHECK(relay->Stop() == 0);
  CHECK(WaitFor([&] { return prometheus.HasAlert("OutboxRelayDown", "firing"); }, seconds(20)));
}

}  // namespace outbox::test
