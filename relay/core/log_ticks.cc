// SPDX-License-Identifier: Apache-2.0
#include "core/log_ticks.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {
namespace {

using Phase = LogPosition::Phase;

bool Finished(Xid xid, const Snapshot& snapshot) {
  return xid < snapshot.xmax && !std::binary_search(snapshot.xip.begin(), snapshot.xip.end(), xid);
}

// Below which no id can belong to a transaction that ended between the two.
std::int64_t LateFrom(const LogSnapshot& before, const Snapshot& after, const XidPairs& pairs,
                      std::int64_t upto) {
  if (Mutant("log_id_cursor")) return upto;
  for (const Xid xid : before.facts.xip) {
    if (Finished(xid, after)) return std::min(upto, pairs.Below(xid));
  }
  return upto;
}

}  // namespace

bool LogTicks::Wanted(const Snapshot& now, std::int64_t last_drawn) const {
  if (last_drawn > upto()) return true;
  if (!position_.tick) return false;
  const LogTick& tick = *position_.tick;
  return LateFrom(tick.after, now, tick.pairs, tick.last_drawn) < tick.last_drawn;
}

void LogTicks::Begin(std::int64_t last_drawn, Xid p, LogSnapshot after) {
  auto tick = std::make_shared<LogTick>();
  if (position_.tick) {
    tick->before = position_.tick->after;
    tick->upto = position_.tick->last_drawn;
    tick->pairs = position_.tick->pairs;
  }
  tick->last_drawn = last_drawn;
  tick->late_from = tick->before ? LateFrom(*tick->before, after.facts, tick->pairs, tick->upto) : tick->upto;
  tick->after = std::move(after);
  tick->pairs.Add(p, last_drawn);
  const Snapshot& facts = tick->after.facts;
  tick->pairs.Prune(facts.xip.empty() ? facts.xmax : facts.xip.front());
  position_ = {.tick = tick, .phase = Phase::kLate, .last = tick->late_from};
  EnterPhase();
}

LogTicks::Step LogTicks::Next() const {
  const bool late = position_.phase == Phase::kLate;
  const std::int64_t end = late ? position_.tick->upto : position_.tick->last_drawn;
  return {.late = late, .from = position_.last, .upto = std::min(end, position_.last + kMostIds)};
}

void LogTicks::Done(const Step& step, std::optional<std::int64_t> cut) {
  position_.last = cut.value_or(step.upto);
  EnterPhase();
}

// Leaves phases that have nothing more.
void LogTicks::EnterPhase() {
  if (position_.phase == Phase::kLate && position_.last >= position_.tick->upto) {
    position_.phase = Phase::kNew;
    position_.last = position_.tick->upto;
  }
  if (position_.phase == Phase::kNew && position_.last >= position_.tick->last_drawn) {
    position_.phase = Phase::kOver;
  }
}

}  // namespace outbox
