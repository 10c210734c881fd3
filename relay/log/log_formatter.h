// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/formatter.h>

#include <memory>

#include "log/log_style.h"

namespace outbox {

// Turns a message into its line, in one style.
class LogFormatter final : public spdlog::formatter {
 public:
  explicit LogFormatter(LogStyle style) : style_(style) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  LogStyle style_;
};

}  // namespace outbox
