// SPDX-License-Identifier: Apache-2.0
#include "campaign/plan.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

namespace outbox::campaign {
namespace {

constexpr double kCalm = 5;       // at first; nothing may repeat meanwhile
constexpr double kBetween = 2.5;  // seconds from one fault to the next, on average
constexpr double kBreath = 2;     // between two faults of a group, so that something happens between them

std::vector<const FaultKind*> Chosen(const std::string& only) {
  std::vector<const FaultKind*> kinds;
  if (only.empty()) {
    for (const FaultKind& kind : AllFaults()) kinds.push_back(&kind);
    return kinds;
  }
  std::istringstream names(only);
  for (std::string name; only != "none" && std::getline(names, name, ',');) {
    const auto found = std::find_if(AllFaults().begin(), AllFaults().end(),
                                    [&](const FaultKind& kind) { return kind.name == name; });
    if (found == AllFaults().end()) throw std::invalid_argument("there is no fault " + name);
    kinds.push_back(&*found);
  }
  return kinds;
}

}  // namespace

std::vector<PlannedFault> PlanFaults(std::uint64_t seed, double seconds, const std::string& only) {
  std::vector<const FaultKind*> kinds = Chosen(only);
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> pause(1 / kBetween);
  std::map<std::string_view, double> busy_until;  // by group
  std::vector<PlannedFault> plan;
  std::vector<const FaultKind*> deck;  // each kind comes once before one comes again
  for (double at = kCalm; !kinds.empty() && at < seconds; at += pause(random)) {
    if (deck.empty()) {
      deck = kinds;
      std::shuffle(deck.begin(), deck.end(), random);
    }
    const auto fits = [&](const FaultKind* kind) {
      return kind->group.empty() || busy_until[kind->group] <= at;
    };
    const auto found = std::find_if(deck.begin(), deck.end(), fits);
    if (found == deck.end()) continue;
    const FaultKind* kind = *found;
    deck.erase(found);
    const double lasting = std::uniform_real_distribution<double>(kind->shortest, kind->longest)(random);
    busy_until[kind->group] = at + lasting + kBreath;
    plan.push_back({kind, at, lasting, random()});
  }
  return plan;
}

}  // namespace outbox::campaign
