// SPDX-License-Identifier: Apache-2.0
#include "core/poll_turn.h"

#include <algorithm>

namespace outbox {

void PollTurn::set_range(milliseconds min, milliseconds max) {
  const std::scoped_lock lock(mutex_);
  min_ = min;
  max_ = max;
}

PollTurn::Kind PollTurn::Await() {
  std::unique_lock lock(mutex_);
  free_.wait(lock, [this] { return stopped_ || rush_ || !taken_; });
  if (stopped_) return Kind::kStop;
  if (rush_) return Kind::kRush;
  taken_ = true;
  pause_over_.wait_for(lock, pause_, [this] { return stopped_ || woken_ || rush_; });
  woken_ = false;
  return stopped_ ? Kind::kStop : Kind::kTurn;
}

void PollTurn::Done(Kind kind, Found found) {
  const std::scoped_lock lock(mutex_);
  if (kind == Kind::kTurn) taken_ = false;
  rush_ = found == Found::kMore;
  const bool empty = found == Found::kFailed || found == Found::kNothing;
  const TimePoint now = std::chrono::steady_clock::now();
  if (!empty) found_ = now;
  pause_ = std::clamp<TimePoint::duration>((now - found_) / 4, min_, max_);
  if (rush_) {
    free_.notify_all();
    pause_over_.notify_all();
  } else if (found != Found::kNothing) {
    free_.notify_one();
  }
}

void PollTurn::HandOn() {
  const std::scoped_lock lock(mutex_);
  free_.notify_one();
}

void PollTurn::Wake() {
  const std::scoped_lock lock(mutex_);
  woken_ = true;
  found_ = std::chrono::steady_clock::now();
  pause_ = milliseconds(0);
  pause_over_.notify_all();
}

void PollTurn::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  free_.notify_all();
  pause_over_.notify_all();
}

}  // namespace outbox
