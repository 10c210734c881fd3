// SPDX-License-Identifier: Apache-2.0
#include "bench/drain_run.h"
#include "bench/lineup.h"

namespace outbox::bench {

std::vector<Case> DrainCases(const Plan& plan) {
  std::vector<Case> cases;
  for (const int bytes : {200, 1'000}) {
    if (plan.quick && bytes != 200) continue;
    const Backlog backlog{.rows = plan.quick ? 200'000 : bytes == 200 ? 1'000'000 : 500'000, .bytes = bytes};
    const Measure drain = [backlog](Site& site, Contender& contender) {
      contender.Warm();
      return DrainOnce(site, contender, backlog);
    };
    Case one{std::to_string(backlog.rows / 1'000) + ",000 x " + std::to_string(bytes) + " B", {}};
    AddRelays(one, plan, "mark", {.settings = {{"outbox.completion", "mark"}}}, drain);
    AddRelays(one, plan, "delete", {.settings = {{"outbox.completion", "delete"}}}, drain);
    AddRelays(one, plan, "log", {.settings = {{"outbox.completion", "log"}}}, drain);
    AddPeer(one, plan, drain);
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace outbox::bench
