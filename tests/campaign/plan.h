// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "campaign/fault.h"

namespace outbox::campaign {

struct PlannedFault {
  const FaultKind* kind = nullptr;
  double at = 0;       // seconds since the round began
  double lasting = 0;  // seconds
  std::uint64_t seed = 0;
};

// Everything about a round that is left to chance, drawn from its seed before it begins: the same seed
// gives the same plan. `only`: the names of the faults to use, with commas; empty: all of them; "none".
// Throws std::invalid_argument if there is no such fault.
std::vector<PlannedFault> PlanFaults(std::uint64_t seed, double seconds, const std::string& only);

}  // namespace outbox::campaign
