// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

#include "outbox/settings.h"

// The log of the process, on stderr: the one global of the program. All of it is thread-safe.
namespace outbox {

// To be called first in main; until then the log is `info` as text.
void SetUpLog(const LogSettings& settings);

// Hears of every message that is written; null to end it, which must happen before what it refers to
// goes away. It must not log.
void SetLogCounter(std::function<void(LogLevel)> counter);

bool LogEnabled(LogLevel level) noexcept;

// One line, whatever `text` holds: control characters are escaped.
void WriteLog(LogLevel level, std::string_view text) noexcept;

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) WriteLog(level, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kDebug, format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kInfo, format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarn(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kWarn, format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kError, format, std::forward<Args>(args)...);
}

}  // namespace outbox
