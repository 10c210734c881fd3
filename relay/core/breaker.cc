// SPDX-License-Identifier: Apache-2.0
#include "core/breaker.h"

namespace outbox {

bool Breaker::Admit() {
  switch (state_) {
    case BreakerState::kClosed:
      return true;
    case BreakerState::kOpen:
      return false;
    case BreakerState::kHalfOpen:
      if (trying_) return false;
      trying_ = true;
      return true;
  }
  return false;
}

void Breaker::OnBatch(bool persisted, bool outage, const std::string& why, TimePoint now) {
  trying_ = false;
  if (persisted) {
    outages_in_a_row_ = 0;
    if (state_ != BreakerState::kClosed)
      Move(BreakerState::kClosed, "the broker accepts messages again", now);
    return;
  }
  if (!outage) return;
  ++outages_in_a_row_;
  const bool trip = state_ == BreakerState::kHalfOpen ||
                    (state_ == BreakerState::kClosed && outages_in_a_row_ >= trip_after_);
  if (trip) Move(BreakerState::kOpen, why, now);
}

void Breaker::OnNothingDue(TimePoint now) {
  trying_ = false;
  if (state_ == BreakerState::kHalfOpen) Move(BreakerState::kClosed, "nothing is due", now);
}

void Breaker::OnAuthenticationFailed(const std::string& why, TimePoint now) {
  trying_ = false;
  if (state_ != BreakerState::kOpen) Move(BreakerState::kOpen, why, now);
}

void Breaker::OnBrokersDown(TimePoint down_since, const std::string& why, TimePoint now) {
  if (state_ == BreakerState::kClosed && now - down_since >= kDownAfter) {
    Move(BreakerState::kOpen, "no broker is connected" + (why.empty() ? "" : ": " + why), now);
  }
}

bool Breaker::ProbeDue(TimePoint now) const {
  return state_ == BreakerState::kOpen && now - last_probe_ >= kProbeEvery;
}

void Breaker::OnProbe(bool answered, TimePoint now) {
  last_probe_ = now;
  if (answered && state_ == BreakerState::kOpen) Move(BreakerState::kHalfOpen, "a broker answers", now);
}

void Breaker::Move(BreakerState state, const std::string& why, TimePoint now) {
  state_ = state;
  why_ = why;
  since_ = now;
  trying_ = false;
  outages_in_a_row_ = 0;
  if (state == BreakerState::kOpen) last_probe_ = now;
}

}  // namespace outbox
