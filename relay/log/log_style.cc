// SPDX-License-Identifier: Apache-2.0
#include "log/log_style.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace outbox {

namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

LogStyle ChooseLogStyle(LogFormat format, int fd, const char* journal_stream) {
  if (format == LogFormat::kJson) return LogStyle::kJson;
  if (format == LogFormat::kText) return LogStyle::kText;
  if (isatty(fd) == 1) return LogStyle::kTerminal;
  struct stat status {};
  if (journal_stream != nullptr && fstat(fd, &status) == 0 &&
      fmt::format("{}:{}", status.st_dev, status.st_ino) == journal_stream) {
    return LogStyle::kJournal;
  }
  return LogStyle::kText;
}

std::string EscapeControls(std::string_view text) {
  if (std::ranges::none_of(text, IsControl)) return std::string(text);
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (IsControl(c)) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace outbox
