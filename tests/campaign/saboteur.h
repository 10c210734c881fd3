// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaign/checker.h"
#include "campaign/journal.h"
#include "campaign/plan.h"

namespace outbox::campaign {

// Carries out a plan: begins each fault when it is due and heals it when it has lasted, and writes both
// into the history. Used by the thread that owns the field.
class Saboteur {
 public:
  Saboteur(std::vector<PlannedFault> plan, Field& field, Writers& writers, DeliveryChecker& checker,
           TailReader& reader, Journal& history);

  void Step(double seconds);  // what is due that long after the round began
  void HealAll();             // also what would last longer; throws if something cannot be healed
  bool done() const { return plan_.empty() && active_.empty(); }
  std::size_t begun() const { return begun_; }
  const std::map<std::string, int>& happened() const { return happened_; }  // how often, by name
  std::string Active() const;                                               // their names
  const std::vector<std::string>& history() const { return lines_; }

 private:
  struct ActiveFault {
    PlannedFault planned;
    std::unique_ptr<Fault> fault;
    std::optional<std::size_t> window;
    double until = 0;
    std::mt19937_64 random;
    bool half = false;  // Begin threw
  };
  bool GroupBusy(const FaultKind& kind) const;
  void Begin(const PlannedFault& planned, double seconds);
  bool Heal(ActiveFault& active);  // false: try again
  void Note(const std::string& what);

  std::list<PlannedFault> plan_;  // what has not begun, by its time
  Field& field_;
  Writers& writers_;
  DeliveryChecker& checker_;
  TailReader& reader_;
  Journal& history_;
  std::list<ActiveFault> active_;
  std::size_t begun_ = 0;
  std::map<std::string, int> happened_;
  std::vector<std::string> lines_;
};

}  // namespace outbox::campaign
