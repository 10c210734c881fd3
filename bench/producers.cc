// SPDX-License-Identifier: Apache-2.0
#include "bench/lineup.h"
#include "bench/steady_run.h"

namespace outbox::bench {

std::vector<Case> ProducersCases(const Plan& plan) {
  struct Condition {
    const char* name;
    bool relay;
    bool notify;
    const char* completion = "mark";
  };
  constexpr Condition kConditions[] = {{"no relay", false, false},
                                       {"relay", true, false},
                                       {"no relay, wake-up trigger", false, true},
                                       {"relay, wake-up", true, true},
                                       {"no relay, log", false, false, "log"},
                                       {"relay, log", true, false, "log"}};
  Case one{"3000 inserts/s offered", {}};
  for (const Condition& condition : kConditions) {
    const Measure measure = [condition, quick = plan.quick](Site& site, Contender& contender) -> Figures {
      contender.Warm();
      if (condition.relay) {
        contender.Release();
        contender.AwaitReady();
      }
      const SteadyRun run = RunSteady(site, contender, {.rate = 3'000, .writers = 16}, test::seconds(3),
                                      test::seconds(quick ? 10 : 30), condition.relay);
      return {{"insert p50 ms", Quantile(run.insert_ms, 0.5)},
              {"insert p99 ms", Quantile(run.insert_ms, 0.99)},
              {"inserts/s", run.inserted_per_second},
              {"PostgreSQL CPU %", run.used.postgres * 100 / run.seconds}};
    };
    RelayContender::Options options{.settings = {{"outbox.completion", condition.completion}},
                                    .with_notify = condition.notify};
    if (condition.notify) options.settings["outbox.wake_up"] = "notify";
    AddRelays(one, plan, condition.name, options, measure);
  }
  return {one};
}

}  // namespace outbox::bench
