// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace outbox::campaign {

// A file that only grows: one line a call, with the seconds since `begun`, written at once. Used by one
// thread.
class Journal {
 public:
  Journal(const std::filesystem::path& file, std::chrono::steady_clock::time_point begun);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  std::string Write(const std::string& what);  // the line as it stands there

 private:
  int file_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace outbox::campaign
