// SPDX-License-Identifier: Apache-2.0
#include "log/log_formatter.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/details/log_msg.h>

#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace outbox {

namespace {

std::string_view Text(const spdlog::details::log_msg& message) {
  return {message.payload.data(), message.payload.size()};
}

// The names of configuration and metrics, not spdlog's.
std::string_view LevelName(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return "trace";
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::warn:
      return "warn";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "error";
    default:
      return "info";
  }
}

int SyslogPriority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return 7;
    case spdlog::level::warn:
      return 4;
    case spdlog::level::err:
    case spdlog::level::critical:
      return 3;
    default:
      return 6;
  }
}

// UTC: machines of one outbox may stand in several time zones.
std::string Timestamp(spdlog::log_clock::time_point time) {
  const auto since_epoch = std::chrono::duration_cast<milliseconds>(time.time_since_epoch());
  const std::time_t whole = spdlog::log_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&whole, &utc);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, since_epoch.count() % 1000);
}

std::string JsonLine(const spdlog::details::log_msg& message) {
  nlohmann::ordered_json line;
  line["time"] = Timestamp(message.time);
  line["level"] = LevelName(message.level);
  line["message"] = Text(message);
  // A message may quote any bytes; what is no UTF-8 must not make the log throw.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void LogFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
  const auto out = std::back_inserter(line);
  switch (style_) {
    case LogStyle::kJson:
      fmt::format_to(out, "{}\n", JsonLine(message));
      return;
    case LogStyle::kJournal:
      fmt::format_to(out, "<{}>{}\n", SyslogPriority(message.level), EscapeControls(Text(message)));
      return;
    case LogStyle::kTerminal:
    case LogStyle::kText:
      fmt::format_to(out, "{} ", Timestamp(message.time));
      const std::size_t begin = line.size();
      fmt::format_to(out, "{:<5}", LevelName(message.level));
      if (style_ == LogStyle::kTerminal) {  // the sink colours this range, if the terminal can
        message.color_range_start = begin;
        message.color_range_end = line.size();
      }
      fmt::format_to(out, " {}\n", EscapeControls(Text(message)));
  }
}

std::unique_ptr<spdlog::formatter> LogFormatter::clone() const {
  return std::make_unique<LogFormatter>(style_);
}

}  // namespace outbox
