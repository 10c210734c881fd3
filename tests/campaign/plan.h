// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
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

// The kinds that a round may use: `only` those, with commas between them, or "none"; all of them if empty.
// Without a small disk none that fills it, and none of the other layout. Throws std::invalid_argument if
// there is no such fault.
std::vector<const FaultKind*> ChooseKinds(const std::string& only, bool small_disk,
                                          Layout layout = Layout::kRows);

// Everything about a round that is left to chance, drawn from its seed before it begins: the same seed
// gives the same plan. Rounds whose seeds follow each other share the kinds out among them: over all of them
// each comes about as often as any other.
std::vector<PlannedFault> PlanFaults(std::uint64_t seed, double seconds,
                                     const std::vector<const FaultKind*>& kinds);

}  // namespace outbox::campaign
