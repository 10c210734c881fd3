// SPDX-License-Identifier: Apache-2.0
#include "metrics/moving_rate.h"

#include <algorithm>

namespace outbox {

void MovingRate::Add(double events, TimePoint now) {
  if (!first_) first_ = now;
  const std::int64_t number = NumberAt(now);
  Slot& slot = slots_[static_cast<std::size_t>(number % kSlots)];
  if (slot.number < number) slot = {number, 0};
  slot.events += events;
}

double MovingRate::PerSecond(TimePoint now) const {
  if (!first_) return 0;
  const std::int64_t number = NumberAt(now);
  double events = 0;
  for (const Slot& slot : slots_) {
    if (slot.number > number - kSlots && slot.number <= number) events += slot.events;
  }
  // The present slot is only begun; and a relay that has just started has no minute behind it yet.
  const std::chrono::duration<double> begun = now.time_since_epoch() - number * kSlot;
  const std::chrono::duration<double> lived = now - *first_;
  const double window = std::min(begun.count() + static_cast<double>((kSlots - 1) * kSlot.count()),
                                 std::max(lived.count(), 1.0));
  return events / window;
}

}  // namespace outbox
