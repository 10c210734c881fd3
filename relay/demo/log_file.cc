// SPDX-License-Identifier: Apache-2.0
#include "demo/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace outbox {
namespace {

constexpr std::streamoff kReadBack = 8'192;

// The day and the fractions of a second would take a quarter of a terminal's width.
std::string Shortened(const std::string& line) {
  constexpr std::size_t kStamp = std::string_view("2026-01-31T23:59:59.999Z").size();
  if (line.size() <= kStamp || line[10] != 'T' || line[kStamp - 1] != 'Z') return line;
  return line.substr(11, 8) + line.substr(kStamp);
}

}  // namespace

LogFile::LogFile(std::filesystem::path file) : file_(std::move(file)) {
  const int log = open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  stderr_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (log < 0 || stderr_ < 0 || dup2(log, STDERR_FILENO) < 0) {
    throw std::system_error(errno, std::generic_category(), file_.string());
  }
  close(log);
}

LogFile::~LogFile() {
  dup2(stderr_, STDERR_FILENO);
  close(stderr_);
}

std::vector<std::string> LogFile::Tail(std::size_t lines) const {
  std::ifstream file(file_, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  const std::streamoff start = std::max<std::streamoff>(0, size - kReadBack);
  file.seekg(start);
  std::vector<std::string> tail;
  std::string line;
  if (start > 0) std::getline(file, line);  // its beginning is missing
  while (std::getline(file, line)) tail.push_back(Shortened(line));
  if (tail.size() > lines) tail.erase(tail.begin(), tail.end() - static_cast<std::ptrdiff_t>(lines));
  return tail;
}

}  // namespace outbox
