// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outbox {

// Sends standard error to a file while it lives: the relay's log must not tear the view. To be made
// before the first line is logged. Used by one thread.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path file);  // throws std::system_error
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // For a narrow place: with the time of day only.
  std::vector<std::string> Tail(std::size_t lines) const;

 private:
  const std::filesystem::path file_;
  int stderr_ = -1;  // what it was before
};

}  // namespace outbox
