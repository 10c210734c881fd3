// SPDX-License-Identifier: Apache-2.0
#include "config/units.h"

#include <charconv>
#include <limits>
#include <span>

namespace outbox {

namespace {

// Ascending, so that formatting can take the last one that divides.
struct UnitOf {
  std::string_view name;
  std::int64_t factor;
};
constexpr UnitOf kDurations[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr UnitOf kSizes[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

std::optional<std::int64_t> Parse(std::string_view text, std::span<const UnitOf> units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const UnitOf& candidate : units) {
    if (candidate.name != unit) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / candidate.factor) return std::nullopt;
    return number * candidate.factor;
  }
  return std::nullopt;
}

constexpr seconds kDay{24 * 60 * 60};

// "00:00" to "24:00".
std::optional<seconds> ParseDayTime(std::string_view text) {
  const auto digit = [&](std::size_t at) {
    return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 100;
  };
  if (text[2] != ':') return std::nullopt;
  const int hours = 10 * digit(0) + digit(1);
  const int minutes = 10 * digit(3) + digit(4);
  if (hours > 24 || minutes > 59 || (hours == 24 && minutes > 0)) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

std::string Format(std::int64_t number, std::span<const UnitOf> units) {
  UnitOf best = units.front();
  for (const UnitOf& candidate : units) {
    if (number != 0 && number % candidate.factor == 0) best = candidate;
  }
  return std::to_string(number / best.factor) + std::string(best.name);
}

}  // namespace

std::optional<milliseconds> ParseDuration(std::string_view text) {
  const std::optional<std::int64_t> number = Parse(text, kDurations);
  if (!number) return std::nullopt;
  return milliseconds(*number);
}

std::optional<std::int64_t> ParseSize(std::string_view text) { return Parse(text, kSizes); }

std::optional<DayWindow> ParseDayWindow(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto from = ParseDayTime(text.substr(0, 5));
  const auto to = ParseDayTime(text.substr(6));
  if (!from || !to || *from == *to || *from == kDay) return std::nullopt;
  return DayWindow{*from, *to};
}

std::string FormatDayWindow(const DayWindow& window) {
  const auto time = [](seconds at) {
    const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return two(at.count() / 3600) + ":" + two(at.count() / 60 % 60);
  };
  return time(window.from) + "-" + time(window.to);
}

std::string FormatDuration(milliseconds duration) { return Format(duration.count(), kDurations); }
std::string FormatSize(std::int64_t bytes) { return Format(bytes, kSizes); }

}  // namespace outbox
