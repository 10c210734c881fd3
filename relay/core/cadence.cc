// SPDX-License-Identifier: Apache-2.0
#include "core/cadence.h"

#include <algorithm>

namespace outbox {
namespace {

constexpr seconds kMinute{60};
constexpr seconds kDay{24 * 60 * 60};

bool Contains(const DayWindow& window, seconds time) {
  if (window.from < window.to) return time >= window.from && time < window.to;
  return time >= window.from || time < window.to;  // across midnight
}

}  // namespace

void Cadence::Set(CadenceSettings settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(settings);
}

bool Cadence::Active(TimePoint now, const TimeOfDay& time_of_day) {
  const std::scoped_lock lock(mutex_);
  switch (settings_.mode) {
    case CadenceMode::kContinuous:
      return true;
    case CadenceMode::kInterval:
      if (!began_ || now >= *began_ + settings_.every) {
        began_ = busy_ = now;
        caught_up_ = false;
      }
      caught_up_ = caught_up_ || now >= busy_ + kCaughtUpAfter;
      return !caught_up_;
    case CadenceMode::kWindows:
      return InWindow(time_of_day());
    case CadenceMode::kManual:
      return false;
  }
  return true;
}

void Cadence::KeepOn(TimePoint until) {
  const std::scoped_lock lock(mutex_);
  busy_ = std::max(busy_, until);
}

std::string Cadence::SilentUntil(TimePoint now, const TimeOfDay& time_of_day) const {
  const std::scoped_lock lock(mutex_);
  switch (settings_.mode) {
    case CadenceMode::kContinuous:
      return {};
    case CadenceMode::kInterval: {
      if (!began_ || (!caught_up_ && now < busy_ + kCaughtUpAfter)) return {};
      const auto rest = std::chrono::ceil<seconds>(*began_ + settings_.every - now);
      if (rest < kMinute)
        return "for another " + std::to_string(std::max<seconds::rep>(0, rest.count())) + " s";
      return "until " + FormatDayTime((time_of_day() + rest) % kDay);
    }
    case CadenceMode::kWindows: {
      const seconds time = time_of_day();
      return InWindow(time) ? std::string() : NextWindow(time);
    }
    case CadenceMode::kManual:
      return "until somebody calls run --once";
  }
  return {};
}

bool Cadence::InWindow(seconds time) const {
  return std::any_of(settings_.windows.begin(), settings_.windows.end(),
                     [time](const DayWindow& window) { return Contains(window, time); });
}

std::string Cadence::NextWindow(seconds time) const {
  const auto wait = [time](const DayWindow& window) { return (window.from - time + kDay) % kDay; };
  const auto next =
      std::min_element(settings_.windows.begin(), settings_.windows.end(),
                       [&](const DayWindow& a, const DayWindow& b) { return wait(a) < wait(b); });
  return next == settings_.windows.end() ? "for ever: there are no windows"
                                         : "until " + FormatDayTime(next->from);
}

std::string FormatDayTime(seconds time) {
  const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(time.count() / 3600) + ":" + two(time.count() / 60 % 60);
}

}  // namespace outbox
