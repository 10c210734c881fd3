// SPDX-License-Identifier: Apache-2.0
#include "bench/arrivals.h"
#include "bench/cpu_use.h"
#include "bench/lineup.h"

namespace outbox::bench {
namespace {

Figures MeasureStart(Site& site, Contender& contender) {
  const std::string topic = site.NewTopic();
  contender.Release();
  contender.AwaitReady();
  contender.Shutdown();
  test::Sql(contender.service_conninfo())
      .Run(contender.InsertInto() + "VALUES ('" + topic + "', 'k', '1 0 ')");
  Arrivals arrivals(site.kafka().bootstrap(), topic);
  arrivals.Poll(test::milliseconds(500));  // connects
  const std::int64_t began = NowMicros();
  contender.Launch();
  arrivals.ReadUntil(1, test::seconds(120));
  const double first = static_cast<double>(arrivals.all().front().came - began) / 1e3;
  const double cpu = CpuUsed(site, contender).contender;
  arrivals.ReadAll(1);
  contender.Shutdown();
  site.DropTopic(topic);
  return {{"first message ms", first}, {"CPU s", cpu}, {"repeats", static_cast<double>(arrivals.repeats())}};
}

}  // namespace

std::vector<Case> StartCases(const Plan& plan) {
  Case one{"one message waits", {}};
  AddRelays(one, plan, "mark", {}, MeasureStart);
  AddPeer(one, plan, MeasureStart);
  return {one};
}

}  // namespace outbox::bench
