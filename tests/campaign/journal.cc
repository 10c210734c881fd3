// SPDX-License-Identifier: Apache-2.0
#include "campaign/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace outbox::campaign {

Journal::Journal(const std::filesystem::path& file, std::chrono::steady_clock::time_point begun)
    : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)), begun_(begun) {
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), file);
}

Journal::~Journal() { close(file_); }

std::string Journal::Write(const std::string& what) {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun_;
  char time[32];
  std::snprintf(time, sizeof time, "%9.3f ", passed.count());
  const std::string line = time + what;
  const std::string text = line + "\n";
  if (write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::system_error(errno, std::generic_category(), "journal");
  return line;
}

}  // namespace outbox::campaign
