// SPDX-License-Identifier: Apache-2.0
#include "campaign/saboteur.h"

#include <algorithm>
#include <stdexcept>

namespace outbox::campaign {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kHealTries = 30;

}  // namespace

Saboteur::Saboteur(std::vector<PlannedFault> plan, Field& field, Writers& writers, DeliveryChecker& checker,
                   TailReader& reader, Journal& history)
    : plan_(plan.begin(), plan.end()),
      field_(field),
      writers_(writers),
      checker_(checker),
      reader_(reader),
      history_(history) {}

void Saboteur::Note(const std::string& what) { lines_.push_back(history_.Write(what)); }

bool Saboteur::GroupBusy(const FaultKind& kind) const {
  return !kind.group.empty() && std::any_of(active_.begin(), active_.end(), [&](const ActiveFault& active) {
    return active.planned.kind->group == kind.group;
  });
}

void Saboteur::Step(double seconds) {
  active_.remove_if([&](ActiveFault& active) { return active.until <= seconds && Heal(active); });
  // A server may take longer to start than planned; then the rest of its group comes later.
  for (auto next = plan_.begin(); next != plan_.end() && next->at <= seconds;) {
    const auto due = next++;
    if (GroupBusy(*due->kind)) continue;
    Begin(*due, seconds);
    plan_.erase(due);
  }
}

void Saboteur::Begin(const PlannedFault& planned, double seconds) {
  ActiveFault active{
      planned, planned.kind->make(), {}, seconds + planned.lasting, std::mt19937_64(planned.seed)};
  const std::string name(planned.kind->name);
  // Before it strikes, or what it does at once would have come too early.
  if (planned.kind->repeats) active.window = checker_.FaultBegins(Clock::now(), planned.kind->refuses);
  Scene scene{field_, writers_, checker_, reader_, active.random};
  std::string hit;
  try {
    hit = active.fault->Begin(scene);
  } catch (const std::exception& error) {
    // Usually because of another fault. It may have struck all the same, so it is healed as any other.
    active.half = true;
    Note("half   " + name + ": " + error.what());
    active_.push_back(std::move(active));
    return;
  }
  if (hit.empty()) {
    Note("missed " + name);
    if (active.window) checker_.FaultMissed(*active.window);
    return;
  }
  Note("begin  " + name + ": " + hit);
  ++begun_;
  active_.push_back(std::move(active));
}

bool Saboteur::Heal(ActiveFault& active) {
  const std::string name(active.planned.kind->name);
  Scene scene{field_, writers_, checker_, reader_, active.random};
  try {
    active.fault->Heal(scene);
  } catch (const std::logic_error& wrong) {
    // Healed, and what came to light is the relay's doing.
    checker_.Complain(Check::kLiveness, name + ": " + wrong.what());
  } catch (const std::exception& error) {
    Note("unable to heal " + name + ": " + error.what());
    return false;
  }
  if (active.fault->happened()) {
    if (active.window) checker_.FaultHeals(*active.window, Clock::now());
    if (!active.half) ++happened_[name];
    Note("heal   " + name);
  } else {
    if (active.window) checker_.FaultMissed(*active.window);
    Note("missed " + name + ", as it turned out");
  }
  return true;
}

void Saboteur::HealAll() {
  for (int tries = 0; tries < kHealTries; ++tries) {
    active_.remove_if([&](ActiveFault& active) { return Heal(active); });
    if (active_.empty()) return;
    std::this_thread::sleep_for(test::seconds(1));
  }
  throw std::runtime_error("cannot heal " + Active());
}

std::string Saboteur::Active() const {
  std::string names;
  for (const ActiveFault& active : active_) {
    names += (names.empty() ? "" : " ");
    names += active.planned.kind->name;
  }
  return names;
}

}  // namespace outbox::campaign
