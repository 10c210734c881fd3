// SPDX-License-Identifier: Apache-2.0
#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include "log/log_formatter.h"

namespace outbox {

namespace {

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct ProcessLog {
  using Sink = spdlog::sinks::ansicolor_stderr_sink_mt;

  ProcessLog() : sink(std::make_shared<Sink>()), logger("outbox-relay", sink) {
    sink->set_formatter(std::make_unique<LogFormatter>(LogStyle::kText));
    logger.flush_on(spdlog::level::trace);  // stderr may be a file, and a crash must not eat the last line
  }

  std::shared_ptr<Sink> sink;  // spdlog shares its sinks
  spdlog::logger logger;
  std::mutex mutex;
  std::function<void(LogLevel)> counter;  // protected by mutex
};

// Never destroyed, so that whatever ends last can still say something.
ProcessLog& TheLog() {
  static ProcessLog& log = *std::make_unique<ProcessLog>().release();
  return log;
}

}  // namespace

void SetUpLog(const LogSettings& settings) {
  const LogStyle style = ChooseLogStyle(settings.format, STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
  ProcessLog& log = TheLog();
  log.sink->set_formatter(std::make_unique<LogFormatter>(style));
  log.logger.set_level(Level(settings.level));
}

void SetLogCounter(std::function<void(LogLevel)> counter) {
  ProcessLog& log = TheLog();
  const std::lock_guard lock(log.mutex);
  log.counter = std::move(counter);
}

bool LogEnabled(LogLevel level) noexcept { return TheLog().logger.should_log(Level(level)); }

void WriteLog(LogLevel level, std::string_view text) noexcept {
  if (!LogEnabled(level)) return;
  ProcessLog& log = TheLog();
  log.logger.log(Level(level), spdlog::string_view_t(text.data(), text.size()));
  const std::lock_guard lock(log.mutex);
  if (log.counter) log.counter(level);
}

}  // namespace outbox
