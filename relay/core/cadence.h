// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "outbox/settings.h"

namespace outbox {

// When the relay may claim, as operators want it:
//
//   continuous   always
//   interval     every so often, until it has caught up: until a second has passed without a full claim
//   windows      at these times of day
//   manual       never; whoever wants messages to go calls `run --once`
//
// Only claims wait: what is in flight when a window closes is settled. One for the whole relay.
// Thread-safe. Time is an argument; the time of day is asked for where windows are set.
class Cadence {
 public:
  static constexpr milliseconds kCaughtUpAfter{1'000};
  using TimeOfDay = std::function<seconds()>;  // since midnight, on the clock on the wall

  explicit Cadence(CadenceSettings settings) : settings_(std::move(settings)) {}
  void Set(CadenceSettings settings);

  bool Active(TimePoint now, const TimeOfDay& time_of_day);
  // There is more to do: a claim was full, or something kept it from being made, or will until then.
  void KeepOn(TimePoint until);

  // While nothing is claimed: how long that will last, such as "until 01:00". Empty: claims are made.
  std::string SilentUntil(TimePoint now, const TimeOfDay& time_of_day) const;

 private:
  bool InWindow(seconds time) const;
  std::string NextWindow(seconds time) const;

  mutable std::mutex mutex_;
  // All protected by mutex_; the last three are of kInterval.
  CadenceSettings settings_;
  std::optional<TimePoint> began_;  // the last run
  TimePoint busy_{};                // in it, for the last time
  bool caught_up_ = false;          // it is over, whatever happens until the next one
};

std::string FormatDayTime(seconds time);  // "01:00"

}  // namespace outbox
