// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bench/drain_run.h"
#include "bench/lineup.h"

namespace outbox::bench {
namespace {

Measure DrainOfKeys(std::int64_t keys, bool quick) {
  return [keys, quick](Site& site, Contender& contender) {
    contender.Warm();
    return DrainOnce(site, contender,
                     {.rows = std::max<std::int64_t>(quick ? 200'000 : 500'000, keys), .keys = keys});
  };
}

}  // namespace

std::vector<Case> KeysCases(const Plan& plan) {
  Case keys{"keys", {}};
  for (const std::int64_t count : {10'000, 1, 100, 1'000'000}) {
    AddRelays(keys, plan, std::to_string(count) + (count == 1 ? " key" : " keys"), {},
              DrainOfKeys(count, plan.quick));
  }
  Case relays{"relays", {}};
  for (const int count : {1, 2, 4}) {
    AddRelays(relays, plan, std::to_string(count) + (count == 1 ? " relay" : " relays"), {.relays = count},
              DrainOfKeys(10'000, plan.quick));
  }
  return {keys, relays};
}

}  // namespace outbox::bench
