// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace outbox {
namespace {

constexpr int kWidth = 30;
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

void ProgressBar::Show(double done, const std::string& text) {
  if (!watched_) return;
  const double part = std::clamp(done, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(std::floor(part * kWidth));
  out_ << kClearLine
       << fmt::format("[{}{}] {:3.0f}%  {}", std::string(full, '#'), std::string(kWidth - full, ' '),
                      std::floor(part * 100), text)
       << std::flush;
  shown_ = true;
}

void ProgressBar::End() {
  if (shown_) out_ << kClearLine << std::flush;
  shown_ = false;
}

bool ErrorsAreWatched() { return isatty(STDERR_FILENO) != 0; }

}  // namespace outbox
