// SPDX-License-Identifier: Apache-2.0
#include "bench/about.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::bench {
namespace {

// The value of the first line that begins so, in files of lines "name : value".
std::string LineOf(const char* file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "unknown";
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::vector<std::pair<std::string, std::string>> About(const Plan& plan) {
  utsname system{};
  uname(&system);
  std::vector<std::pair<std::string, std::string>> about = {
      {"processor", LineOf("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(sysconf(_SC_NPROCESSORS_ONLN))},
      {"memory", std::to_string(std::stoll(LineOf("/proc/meminfo", "MemTotal")) / 1'048'576) + " GiB"},
      {"kernel", system.release},
      {"load at the start", FirstLine(test::ReadFile("/proc/loadavg"))}};
  for (const RelayBuild& build : plan.relays) {
    const test::Finished version = test::Run({build.path, "version"});
    const std::string path = plan.relays.size() > 1 ? ", " + build.path : "";
    about.emplace_back("relay" + build.suffix, FirstLine(version.out) + path);
  }
  if (plan.quick) about.emplace_back("run", "quick");
  return about;
}

}  // namespace outbox::bench
