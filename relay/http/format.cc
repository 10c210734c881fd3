// SPDX-License-Identifier: Apache-2.0
#include "http/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace outbox {
namespace {

std::string OneDecimal(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

}  // namespace

std::string FormatCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const int first = count < 0 ? 1 : 0;
  for (int at = static_cast<int>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string FormatRate(double per_second) {
  // Below ten the first decimal matters; 0.04 must not look like nothing.
  if (per_second > 0 && per_second < 0.1) return "< 0.1/s";
  if (per_second > 0 && per_second < 10) return OneDecimal(per_second) + "/s";
  return FormatCount(std::llround(per_second)) + "/s";
}

std::string FormatBytes(std::int64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return FormatCount(bytes) + " B";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return OneDecimal(value) + " " + kUnits[unit];
}

std::string FormatDuration(StatusDuration duration) {
  const double exact = duration.count();
  if (exact <= 0) return "0 s";
  if (exact < 0.9995) return std::to_string(std::max(1L, std::lround(exact * 1000))) + " ms";
  if (exact < 9.95) return OneDecimal(exact) + " s";
  const std::int64_t whole = std::llround(exact);
  const auto two = [](std::int64_t large, const char* large_unit, std::int64_t small,
                      const char* small_unit) {
    std::string text = FormatCount(large) + " " + large_unit;
    if (small > 0) text += " " + std::to_string(small) + " " + small_unit;
    return text;
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return two(whole / 3600, "h", whole % 3600 / 60, "min");
  return two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

}  // namespace outbox
