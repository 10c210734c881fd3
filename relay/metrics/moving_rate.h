// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "outbox/message.h"

namespace outbox {

// Events per second over the last minute, in slots of five seconds. Not thread-safe.
class MovingRate {
 public:
  void Add(double events, TimePoint now);
  double PerSecond(TimePoint now) const;

 private:
  static constexpr seconds kSlot{5};
  static constexpr int kSlots = 12;

  struct Slot {
    std::int64_t number = -1;  // of all slots since the clock's epoch
    double events = 0;
  };
  static std::int64_t NumberAt(TimePoint now) { return now.time_since_epoch() / kSlot; }

  std::array<Slot, kSlots> slots_;
  std::optional<TimePoint> first_;
};

}  // namespace outbox
