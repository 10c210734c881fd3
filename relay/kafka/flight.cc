// SPDX-License-Identifier: Apache-2.0
#include "kafka/flight.h"

#include <cassert>

namespace outbox {

Slot& Flight::Prepare(std::size_t index, Road road) {
  assert(index < size_);
  Slot& slot = slots_[index];
  assert(slot.flight == nullptr);
  slot.flight = this;
  slot.road = road;
  return slot;
}

const Report& Flight::report(std::size_t index) const {
  static constexpr Report kNotYet;
  assert(index < size_);
  const Slot& slot = slots_[index];
  return slot.reported.load(std::memory_order_acquire) ? slot.report : kNotYet;
}

std::size_t Flight::unreported(Road road) const {
  const std::size_t reported = reported_[Index(road)].load();
  return handed_[Index(road)].load(std::memory_order_relaxed) - reported;
}

void Flight::Wait(TimePoint until) {
  std::unique_lock lock(mutex_);
  // Sequentially consistent, as is the counting in Set: either Set sees that somebody waits, or the
  // predicate sees what Set counted.
  waiting_ = true;
  bell_.wait_until(lock, until, [this] { return rung_ || unreported() == 0; });
  waiting_ = false;
  rung_ = false;
}

void Flight::Land() {
  if (unreported() == 0) memory_.reset();  // need not wait for the poll threads' next look
  landed_.store(true, std::memory_order_release);
}

void Flight::Set(Slot& slot, const Report& report) {
  // Both copied: the slot belongs to the worker as soon as it can see the report.
  const bool news = slot.road == Road::kAlone || report.kind != ReportKind::kPersisted;
  const std::size_t road = Index(slot.road);
  slot.report = report;
  slot.reported.store(true, std::memory_order_release);
  reported_[road].fetch_add(1);
  if (news) {
    Ring();
  } else if (waiting_ && unreported() == 0) {
    // Empty but needed: the waiter is either before its predicate or asleep, not in between.
    { const std::lock_guard lock(mutex_); }
    bell_.notify_one();
  }
}

void Flight::Ring() {
  const std::lock_guard lock(mutex_);
  rung_ = true;
  bell_.notify_one();
}

void Flight::Lose(Road road) {
  const Report lost{.kind = ReportKind::kOutage, .reason = Reason::kPurged, .maybe_persisted = true};
  for (std::size_t i = 0; i < size_; ++i) {
    Slot& slot = slots_[i];
    if (slot.flight != nullptr && slot.road == road && !slot.reported) Set(slot, lost);
  }
}

}  // namespace outbox
