// SPDX-License-Identifier: Apache-2.0
#include "bench/cpu_use.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

#include "bench/contender.h"
#include "bench/site.h"

namespace outbox::bench {
namespace {

std::string Proc(pid_t pid, const char* file) {
  return test::ReadFile("/proc/" + std::to_string(pid) + "/" + file);
}

struct Stat {
  pid_t parent = 0;
  double own = 0;     // seconds
  double reaped = 0;  // of children that have ended
};

std::optional<Stat> ReadStat(pid_t pid) {
  const std::string text = Proc(pid, "stat");
  const auto name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Stat stat;
  std::string skipped;
  fields >> skipped >> stat.parent;
  for (int field = 5; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0, reaped_user = 0, reaped_system = 0;
  fields >> user >> system >> reaped_user >> reaped_system;
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  stat.own = (user + system) / tick;
  stat.reaped = (reaped_user + reaped_system) / tick;
  return stat;
}

void AddPostgres(pid_t postmaster, CpuUse& use) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) continue;
    const auto stat = ReadStat(pid);
    if (!stat || (pid != postmaster && stat->parent != postmaster)) continue;
    const bool walsender = Proc(pid, "cmdline").find("walsender") != std::string::npos;
    (walsender ? use.walsender : use.postgres) += stat->own;
    if (pid == postmaster) use.postgres += stat->reaped;
  }
}

}  // namespace

CpuUse CpuUsed(Site& site, const Contender& contender) {
  CpuUse use;
  for (const pid_t pid : contender.pids()) use.contender += ReadStat(pid).value_or(Stat{}).own;
  AddPostgres(site.postgres().process().pid(), use);
  use.broker = site.kafka().process().cpu_seconds();
  return use;
}

CpuUse operator-(const CpuUse& after, const CpuUse& before) {
  return {after.contender - before.contender, after.postgres - before.postgres,
          after.walsender - before.walsender, after.broker - before.broker};
}

std::int64_t PeakResidentBytes(const std::vector<pid_t>& pids) {
  std::int64_t sum = 0;
  for (const pid_t pid : pids) {
    const std::string status = Proc(pid, "status");
    const auto line = status.find("VmHWM:");
    if (line != std::string::npos) sum += std::stoll(status.substr(line + 6)) * 1024;
  }
  return sum;
}

}  // namespace outbox::bench
