// SPDX-License-Identifier: Apache-2.0
#include "bench/lineup.h"
#include "bench/steady_run.h"

namespace outbox::bench {
namespace {

Figures MeasureSteady(Site& site, Contender& contender, double rate, bool quick) {
  contender.Warm();
  contender.Release();
  contender.AwaitReady();
  const SteadyRun run = RunSteady(site, contender, {.rate = rate, .writers = rate > 1'000 ? 16 : 8},
                                  test::seconds(quick ? 5 : 10), test::seconds(quick ? 10 : 30));
  const auto resident = static_cast<double>(PeakResidentBytes(contender.pids()));
  contender.HoldBack();
  const double to_percent = 100 / run.seconds;
  return {{"p50 ms", Quantile(run.arrival_ms, 0.5)},
          {"p99 ms", Quantile(run.arrival_ms, 0.99)},
          {"p99.9 ms", Quantile(run.arrival_ms, 0.999)},
          {"most ms", run.arrival_ms.back()},
          {"inserts/s", run.inserted_per_second},
          {"insert p99 ms", Quantile(run.insert_ms, 0.99)},
          {"CPU % of a core", run.used.contender * to_percent},
          {"PostgreSQL CPU %", (run.used.postgres + run.used.walsender) * to_percent},
          {"broker CPU %", run.used.broker * to_percent},
          {"peak resident MB", resident / 1e6},
          {"repeats", run.repeats}};
}

}  // namespace

std::vector<Case> SteadyCases(const Plan& plan) {
  std::vector<Case> cases;
  for (const int rate : {1'000, 100, 3'000}) {
    if (plan.quick && rate != 1'000) continue;
    const Measure measure = [rate, quick = plan.quick](Site& site, Contender& contender) {
      return MeasureSteady(site, contender, rate, quick);
    };
    Case one{std::to_string(rate) + " messages/s", {}};
    AddRelays(one, plan, "mark", {}, measure);
    AddRelays(one, plan, "log", {.settings = {{"outbox.completion", "log"}}}, measure);
    AddPeer(one, plan, measure);
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace outbox::bench
