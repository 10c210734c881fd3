// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "outbox/publisher.h"

namespace outbox {

// Counts the generations that have ended but whose clients are not destroyed yet: destruction can
// hang, and then no more may pile up. Thread-safe.
class Census {
 public:
  void Started();
  void Ended(TimePoint now);
  void Gone();  // after Started and Ended

  bool crowded() const;                // no new generation now
  bool hopeless(TimePoint now) const;  // crowded for ten minutes

  // Waits until every generation is gone; the number of those that are not.
  int AwaitGone(milliseconds timeout);

 private:
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  int alive_ = 0;  // protected by mutex_, like all below
  int ended_ = 0;
  std::optional<TimePoint> crowded_since_;
};

}  // namespace outbox
