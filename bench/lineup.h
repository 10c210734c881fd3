// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/debezium_contender.h"
#include "bench/relay_contender.h"
#include "bench/workload.h"

namespace outbox::bench {

using Measure = std::function<Figures(Site&, Contender&)>;
using RelayMeasure = std::function<Figures(Site&, RelayContender&)>;

// A variant for each build of the relay that takes part, and none more.
inline void AddRelays(Case& out, const Plan& plan, const std::string& name,
                      const RelayContender::Options& options, const RelayMeasure& measure) {
  for (const RelayBuild& build : plan.relays) {
    out.variants.push_back({name + build.suffix, [build, options, measure](Site& site) {
                              RelayContender relay(site, build, options);
                              return measure(site, relay);
                            }});
  }
}

inline void AddPeer(Case& out, const Plan& plan, const Measure& measure) {
  if (!plan.peer) return;
  out.variants.push_back({"debezium", [measure](Site& site) {
                            DebeziumContender debezium(site);
                            return measure(site, debezium);
                          }});
}

}  // namespace outbox::bench
