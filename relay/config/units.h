// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "outbox/settings.h"

namespace outbox {

// "250ms", "30s", "10m", "2h", "7d": one whole number and its unit, nothing else. Null: not that.
std::optional<milliseconds> ParseDuration(std::string_view text);

// "1000", "64KiB", "8MiB", "1GiB". Null: not that.
std::optional<std::int64_t> ParseSize(std::string_view text);

// "01:00-05:00", also across midnight; "24:00" ends a day. Null: not that, or nothing lies between.
std::optional<DayWindow> ParseDayWindow(std::string_view text);
std::string FormatDayWindow(const DayWindow& window);

// In the largest unit that divides it.
std::string FormatDuration(milliseconds duration);
std::string FormatSize(std::int64_t bytes);

}  // namespace outbox
