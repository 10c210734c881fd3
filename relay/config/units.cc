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

std::string FormatDuration(milliseconds duration) { return Format(duration.count(), kDurations); }
std::string FormatSize(std::int64_t bytes) { return Format(bytes, kSizes); }

}  // namespace outbox
