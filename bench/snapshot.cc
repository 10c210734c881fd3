// SPDX-License-Identifier: Apache-2.0
#include "bench/drain_run.h"
#include "bench/lineup.h"

namespace outbox::bench {

std::vector<Case> SnapshotCases(const Plan& plan) {
  std::vector<Case> cases;
  for (const std::string completion : {"mark", "delete", "log"}) {
    Case one{completion + ", the last of three drains", {}};
    for (const bool held : {false, true}) {
      const Measure measure = [held, quick = plan.quick](Site& site, Contender& contender) {
        contender.Warm();
        test::Sql somebody(contender.superuser_conninfo());
        if (held) somebody.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
        // What the first two leave behind cannot be vacuumed while the snapshot is held.
        const Backlog backlog{.rows = quick ? 100'000 : 300'000};
        DrainOnce(site, contender, backlog);
        DrainOnce(site, contender, backlog);
        return DrainOnce(site, contender, backlog);
      };
      AddRelays(one, plan, held ? "snapshot held" : "free", {.settings = {{"outbox.completion", completion}}},
                measure);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace outbox::bench
