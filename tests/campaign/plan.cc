// SPDX-License-Identifier: Apache-2.0
#include "campaign/plan.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

namespace outbox::campaign {
namespace {

constexpr double kCalm = 5;        // at first; nothing may repeat meanwhile
constexpr double kBetween = 1.8;   // seconds from one fault to the next, on average
constexpr double kBreath = 2;      // between two faults of a group, so that something happens between them
constexpr double kPerKind = 2.6;   // seconds of a round for each kind that it is to use
constexpr std::size_t kAhead = 8;  // so many may come before their turn, if their group is free

// An endless sequence of kinds, the same for all rounds, in which each comes once before one comes again.
// Round after round takes the next stretch of it.
class Sequence {
 public:
  explicit Sequence(const std::vector<const FaultKind*>& kinds) : kinds_(kinds) {}

  const FaultKind* At(std::uint64_t index) {
    const std::uint64_t pass = index / kinds_.size();
    if (shuffled_.empty() || pass != pass_) {
      std::mt19937_64 random(pass);
      shuffled_ = kinds_;
      std::shuffle(shuffled_.begin(), shuffled_.end(), random);
      pass_ = pass;
    }
    return shuffled_[index % kinds_.size()];
  }

 private:
  const std::vector<const FaultKind*> kinds_;
  std::vector<const FaultKind*> shuffled_;
  std::uint64_t pass_ = 0;
};

}  // namespace

std::vector<const FaultKind*> ChooseKinds(const std::string& only, bool small_disk, Layout layout) {
  std::set<std::string, std::less<>> names;
  std::istringstream list(only);
  for (std::string name; std::getline(list, name, ',');) names.insert(name);
  const bool all = names.empty();
  names.erase("none");
  std::vector<const FaultKind*> kinds;
  for (const FaultKind& kind : AllFaults()) {
    if (names.erase(std::string(kind.name)) == 0 && !all) continue;
    if (kind.layout != Layout::kAny && kind.layout != layout) continue;
    if (!kind.fills_disk || small_disk) kinds.push_back(&kind);
  }
  if (!names.empty()) throw std::invalid_argument("there is no fault " + *names.begin());
  return kinds;
}

std::vector<PlannedFault> PlanFaults(std::uint64_t seed, double seconds,
                                     const std::vector<const FaultKind*>& kinds) {
  std::vector<PlannedFault> plan;
  if (kinds.empty()) return plan;
  Sequence sequence(kinds);
  const auto share = static_cast<std::uint64_t>(std::ceil(std::max(seconds - kCalm, 1.0) / kPerKind));
  std::uint64_t next = seed * share;
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> pause(1 / kBetween);
  std::map<std::string_view, double> busy_until;  // by group
  std::deque<const FaultKind*> due;
  for (double at = kCalm; at < seconds; at += pause(random)) {
    while (due.size() < kAhead) due.push_back(sequence.At(next++));
    const auto found = std::find_if(due.begin(), due.end(), [&](const FaultKind* kind) {
      return kind->group.empty() || busy_until[kind->group] <= at;
    });
    if (found == due.end()) continue;
    const FaultKind* kind = *found;
    due.erase(found);
    const double lasting = std::uniform_real_distribution<double>(kind->shortest, kind->longest)(random);
    busy_until[kind->group] = at + lasting + kBreath;
    plan.push_back({kind, at, lasting, random()});
  }
  return plan;
}

}  // namespace outbox::campaign
