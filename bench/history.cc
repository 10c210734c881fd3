// SPDX-License-Identifier: Apache-2.0
#include "bench/drain_run.h"
#include "bench/lineup.h"
#include "bench/sent_history.h"
#include "bench/steady_run.h"

namespace outbox::bench {

std::vector<Case> HistoryCases(const Plan& plan) {
  Case one{"rows kept", {}};
  for (const std::int64_t millions : {0, 1, 10}) {
    if (plan.quick && millions == 10) continue;
    const RelayMeasure measure = [millions, quick = plan.quick](Site& site, RelayContender& contender) {
      contender.Warm();
      AddSentHistory(contender, millions * 1'000'000);
      Figures figures = DrainOnce(site, contender, {.rows = quick ? 100'000 : 500'000});
      contender.Release();
      contender.AwaitReady();
      const SteadyRun run =
          RunSteady(site, contender, {.rate = 1'000}, test::seconds(3), test::seconds(quick ? 10 : 30));
      figures.emplace_back("p50 ms at 1000/s", Quantile(run.arrival_ms, 0.5));
      figures.emplace_back("p99 ms at 1000/s", Quantile(run.arrival_ms, 0.99));
      return figures;
    };
    for (const char* completion : {"mark", "log"}) {
      AddRelays(one, plan, std::to_string(millions) + " million, " + completion,
                {.settings = {{"outbox.completion", completion}}}, measure);
    }
  }
  return {one};
}

}  // namespace outbox::bench
