// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "outbox/message.h"
#include "outbox/observer.h"

namespace outbox {

// Keeps the relay from opening transactions over a broker that does not answer.
//
//   closed ──(trip_after batches in a row with nothing persisted, or all brokers down)──> open
//   open ──(a probe is answered)──> half-open
//   half-open ──(something is persisted, or nothing is due)──> closed
//   half-open ──(a batch with nothing persisted)──> open
//
// One for the whole relay. Not thread-safe: the relay guards it. Time is an argument.
class Breaker {
 public:
  static constexpr milliseconds kProbeEvery{1'000};
  static constexpr milliseconds kDownAfter{5'000};

  explicit Breaker(int trip_after) : trip_after_(trip_after) {}
  void set_trip_after(int trip_after) { trip_after_ = trip_after; }

  BreakerState state() const { return state_; }
  const std::string& why() const { return why_; }
  TimePoint since() const { return since_; }

  // May a claim be made now? Half-open: yes, one at a time and small; the caller says when it begins
  // (true is returned once) and ends (OnBatch or OnNothingDue).
  bool Admit();
  // A batch ended: was anything persisted, did anything meet an outage?
  void OnBatch(bool persisted, bool outage, const std::string& why, TimePoint now);
  void OnNothingDue(TimePoint now);
  // A batch of a half-open breaker ended without learning anything about the broker.
  void OnUndecided() { trying_ = false; }
  void OnAuthenticationFailed(const std::string& why, TimePoint now);
  void OnBrokersDown(TimePoint down_since, const std::string& why, TimePoint now);

  bool ProbeDue(TimePoint now) const;
  void OnProbe(bool answered, TimePoint now);

 private:
  void Move(BreakerState state, const std::string& why, TimePoint now);

  int trip_after_;
  BreakerState state_ = BreakerState::kClosed;
  std::string why_;
  TimePoint since_{};
  TimePoint last_probe_{};
  int outages_in_a_row_ = 0;
  bool trying_ = false;
};

}  // namespace outbox
