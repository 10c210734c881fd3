// SPDX-License-Identifier: Apache-2.0
#include "demo/scenario.h"

#include <algorithm>

namespace outbox {
namespace {

// Without an end in sight: early enough that nobody has gone for coffee.
constexpr milliseconds kOutageUnlessShort{8'000};

bool TakeDue(std::optional<TimePoint>& at, TimePoint now) {
  if (!at || now < *at) return false;
  at.reset();
  return true;
}

}  // namespace

Scenario::Scenario(const Times& times, TimePoint begin) {
  milliseconds steady = kOutageUnlessShort;
  if (times.length) {
    end_at_ = begin + *times.length;
    // More time after the outage than before it: that is when there is most to see.
    const milliseconds rest = *times.length - times.outage;
    steady = std::clamp(rest * 2 / 5, milliseconds(0), kOutageUnlessShort);
  }
  oversized_at_ = begin + steady / 2;
  if (times.outage.count() == 0) return;
  away_at_ = begin + steady;
  back_at_ = *away_at_ + times.outage;
}

Scenario::Cue Scenario::Next(TimePoint now, std::int64_t backlog, std::int64_t usual) {
  if (TakeDue(oversized_at_, now)) return Cue::kInsertOversized;
  if (TakeDue(away_at_, now)) {
    phase_ = Phase::kOutage;
    return Cue::kTakeBrokerAway;
  }
  if (phase_ == Phase::kOutage && TakeDue(back_at_, now)) {
    phase_ = Phase::kCatchingUp;
    returned_ = now;
    return Cue::kBringBrokerBack;
  }
  if (returned_ && !recovery_ && backlog <= usual) {
    if (phase_ == Phase::kCatchingUp) phase_ = Phase::kSteady;
    recovery_ = std::chrono::duration_cast<milliseconds>(now - *returned_);
  }
  return TakeDue(end_at_, now) ? Cue::kEnd : Cue::kNone;
}

Scenario::Cue Scenario::End(TimePoint now) {
  const bool away = phase_ == Phase::kOutage;
  phase_ = Phase::kDraining;
  oversized_at_.reset();
  away_at_.reset();
  end_at_.reset();
  if (!away) return Cue::kNone;
  returned_ = now;
  return Cue::kBringBrokerBack;
}

}  // namespace outbox
