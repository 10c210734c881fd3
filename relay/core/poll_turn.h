// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "outbox/message.h"

namespace outbox {

// Which worker may claim, and when. While there is little to do one worker polls and the others
// sleep; whoever finds something hands the turn on before publishing it, so that somebody always
// looks for the next row. After a full batch everybody claims, without a pause. While claims are empty
// the pause is a quarter of the time since something was found, from `min` to `max`: so a message that
// comes after others is late by an eighth of what lay between them. Thread-safe.
class PollTurn {
 public:
  PollTurn(milliseconds min, milliseconds max)
      : min_(min), max_(max), found_(std::chrono::steady_clock::now()) {}
  void set_range(milliseconds min, milliseconds max);

  enum class Kind { kStop, kTurn, kRush };
  enum class Found {
    kFailed,   // there was no claim
    kNothing,  // the worker comes back at once: while that lasts the others sleep on
    kSome,
    kMore,  // than the limits allowed
  };
  // Blocks until this worker should claim; every kTurn and kRush is answered by one Done.
  Kind Await();
  void Done(Kind kind, Found found);
  // For a worker that does not come back at once after kNothing.
  void HandOn();
  void Wake();  // there is something to claim: end the pause
  void Stop();

 private:
  std::mutex mutex_;
  std::condition_variable free_;  // the turn is free, or everybody may claim
  std::condition_variable pause_over_;
  // All protected by mutex_.
  milliseconds min_;
  milliseconds max_;
  TimePoint found_;  // something, or a reason to look
  TimePoint::duration pause_{0};
  bool taken_ = false;
  bool rush_ = false;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace outbox
