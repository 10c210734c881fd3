// SPDX-License-Identifier: Apache-2.0
#include "kafka/flight.h"

#include <cassert>
#include <utility>

namespace outbox {

Flight::Flight(std::size_t size, std::shared_ptr<const void> memory)
    : size_(size), slots_(std::make_unique<Slot[]>(size)), memory_(std::move(memory)) {
  for (std::size_t i = 0; i < size; ++i) slots_[i].flight = this;
}

Slot& Flight::slot(std::size_t index) {
  assert(index < size_);
  assert(slots_[index].carrier == Carrier::kNone && !slots_[index].reported);
  return slots_[index];
}

void Flight::Judge(Slot& slot, const Report& report) {
  slot.report = report;
  slot.reported.store(true, std::memory_order_release);
  Ring();
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
  const Road road = slot.carrier == Carrier::kAlone ? Road::kAlone : Road::kMain;
  const bool news = road == Road::kAlone || report.kind != ReportKind::kPersisted;
  slot.report = report;
  slot.reported.store(true, std::memory_order_release);
  reported_[Index(road)].fetch_add(1);
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
    if (slot.carrier == CarrierOf(road) && !slot.reported) Set(slot, lost);
  }
}

}  // namespace outbox
