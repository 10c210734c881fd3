// SPDX-License-Identifier: Apache-2.0
#include "metrics/process.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "metrics/wall_clock.h"

namespace outbox {
namespace {

// Fields of /proc/self/stat, see proc(5), counted from the one after the command's name.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The name is in parentheses and may itself contain spaces and parentheses.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

double Number(const std::vector<std::string>& fields, std::size_t index) {
  return index < fields.size() ? std::stod(fields[index]) : 0;
}

double TicksPerSecond() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

// Not by the boot time in /proc/stat, which a sandboxed process may not see.
double StartTime() {
  timespec booted{};
  clock_gettime(CLOCK_BOOTTIME, &booted);
  const double uptime = static_cast<double>(booted.tv_sec) + static_cast<double>(booted.tv_nsec) * 1e-9;
  return WallClockSeconds() - uptime + Number(StatFields(), kStartTicks) / TicksPerSecond();
}

}  // namespace

Process::Process() : started_(StartTime()) {}

void Process::Write(FamilyList& list) const {
  if (const auto fields = StatFields(); !fields.empty()) {
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    list.Counter("process_cpu_seconds_total", "User and system CPU time spent.",
                 (Number(fields, kUserTicks) + Number(fields, kSystemTicks)) / TicksPerSecond());
    list.Gauge("process_resident_memory_bytes", "Resident memory.", Number(fields, kResidentPages) * page);
    list.Gauge("process_virtual_memory_bytes", "Virtual memory.", Number(fields, kVirtualBytes));
  }
  list.Gauge("process_start_time_seconds", "When the process started, since the Unix epoch.", started_);
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (!error) {
    // Reading the folder takes a descriptor of its own.
    list.Gauge("process_open_fds", "Open file descriptors.",
               static_cast<double>(std::distance(entries, {})) - 1);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    list.Gauge("process_max_fds", "How many file descriptors may be open.",
               static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace outbox
