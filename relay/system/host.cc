// SPDX-License-Identifier: Apache-2.0
#include "system/host.h"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>

namespace outbox {
namespace {

struct ClosePipe {
  void operator()(FILE* pipe) const { pclose(pipe); }
};

std::optional<microseconds> UnitOfTime(const std::string& name) {
  static const std::map<std::string, microseconds> units = {{"us", microseconds(1)},
                                                            {"ms", milliseconds(1)},
                                                            {"s", seconds(1)},
                                                            {"min", std::chrono::minutes(1)},
                                                            {"h", std::chrono::hours(1)},
                                                            {"d", std::chrono::hours(24)},
                                                            {"w", std::chrono::hours(24 * 7)},
                                                            {"month", std::chrono::hours(730)},
                                                            {"y", std::chrono::hours(8766)}};
  const auto found = units.find(name);
  if (found == units.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::int64_t OpenFilesLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::int64_t>(limit.rlim_cur);
}

std::map<std::string, std::string> UnitProperties(const std::string& unit) {
  const std::string command = "systemctl show --no-pager '" + unit + "' 2>/dev/null";
  const std::unique_ptr<FILE, ClosePipe> pipe(popen(command.c_str(), "re"));
  std::map<std::string, std::string> properties;
  std::string text;
  std::array<char, 4096> part{};
  while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) text += part.data();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t sign = line.find('=');
    if (sign != std::string::npos) properties[line.substr(0, sign)] = line.substr(sign + 1);
  }
  if (const auto state = properties.find("LoadState"); state == properties.end() || state->second != "loaded")
    return {};
  return properties;
}

std::optional<microseconds> UnitTime(const std::string& text) {
  microseconds sum{0};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::size_t digits = 0;
    double number = 0;
    try {
      number = std::stod(word, &digits);
    } catch (const std::exception&) {
      return std::nullopt;
    }
    const auto unit = UnitOfTime(word.substr(digits));
    if (!unit) return std::nullopt;
    sum += microseconds(static_cast<std::int64_t>(number * static_cast<double>(unit->count())));
  }
  if (sum.count() == 0) return std::nullopt;
  return sum;
}

}  // namespace outbox
