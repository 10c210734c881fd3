// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
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
           Journal& history);

  void Step(double seconds);  // what is due that long after the round began
  void HealAll();             // also what would last longer; throws if something cannot be healed
  bool done() const { return next_ == plan_.size() && active_.empty(); }
  std::size_t begun() const { return begun_; }
  std::string Active() const;  // their names
  const std::vector<std::string>& history() const { return lines_; }

 private:
  struct ActiveFault {
    PlannedFault planned;
    std::unique_ptr<Fault> fault;
    std::optional<std::size_t> window;
    double until = 0;
    std::mt19937_64 random;
  };
  bool GroupBusy(const FaultKind& kind) const;
  void Begin(const PlannedFault& planned, double seconds);
  bool Heal(ActiveFault& active);  // false: try again
  void Note(const std::string& what);

  const std::vector<PlannedFault> plan_;
  Field& field_;
  Writers& writers_;
  DeliveryChecker& checker_;
  Journal& history_;
  std::list<ActiveFault> active_;
  std::size_t next_ = 0;
  std::size_t begun_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace outbox::campaign
