// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "outbox/message.h"

namespace outbox {

// The play: what happens when. Decides only, is told the time. Used by one thread.
class Scenario {
 public:
  struct Times {
    std::optional<seconds> length;  // none: until somebody ends it
    // 0: none. A little longer than it takes the breaker to open where no broker is connected.
    seconds outage{7};
  };
  enum class Phase { kSteady, kOutage, kCatchingUp, kDraining };
  enum class Cue { kNone, kInsertOversized, kTakeBrokerAway, kBringBrokerBack, kEnd };

  Scenario(const Times& times, TimePoint begin);

  // What is to be done now; to be asked again until there is nothing. `backlog`: rows that are not
  // out yet, `usual`: how many of those there may be at any time.
  Cue Next(TimePoint now, std::int64_t backlog, std::int64_t usual);
  // Somebody wants to see the end, and an outage ends with it: what is to be done for that.
  Cue End(TimePoint now);

  Phase phase() const { return phase_; }
  // From the broker's return until the backlog was gone; none: not yet, or there was no outage.
  std::optional<milliseconds> recovery() const { return recovery_; }
  bool outage_happened() const { return returned_.has_value(); }

 private:
  std::optional<TimePoint> oversized_at_;
  std::optional<TimePoint> away_at_;
  std::optional<TimePoint> back_at_;
  std::optional<TimePoint> end_at_;
  Phase phase_ = Phase::kSteady;
  std::optional<TimePoint> returned_;
  std::optional<milliseconds> recovery_;
};

}  // namespace outbox
