// SPDX-License-Identifier: Apache-2.0
#include "package/machine.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/catch.h"

namespace outbox::test {
namespace {

namespace fs = std::filesystem;

fs::path CgroupHierarchy() {
  std::ifstream mounts("/proc/mounts");
  for (std::string device, folder, type, rest;
       mounts >> device >> folder >> type && std::getline(mounts, rest);) {
    if (type == "cgroup2") return folder;
  }
  throw std::runtime_error("a machine needs the cgroup2 hierarchy");
}

// Only folders: the files in there are the kernel's.
bool RemoveCgroup(const fs::path& folder) {
  bool all = true;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory()) all = RemoveCgroup(entry.path()) && all;
  }
  return rmdir(folder.c_str()) == 0 && all;
}

std::string FirstChild(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::istringstream children(ReadFile("/proc/" + pid + "/task/" + pid + "/children"));
  std::string child;
  children >> child;
  return child;
}

}  // namespace

Machine::Machine(const fs::path& base) {
  const Finished copied = outbox::test::Run({"cp", "-a", "--reflink=auto", base, root_});
  if (copied.exit != 0) throw std::runtime_error("no copy of " + base.string() + ": " + copied.err);
  fs::copy_file("/etc/resolv.conf", path("/etc/resolv.conf"), fs::copy_options::overwrite_existing);
  // The kernel is the host's, and Debian 13's systemd is degraded where it may not look for modules.
  fs::create_symlink("/dev/null", path("/etc/systemd/system/systemd-modules-load.service"));
  cgroup_ = CgroupHierarchy() / ("outbox-machine-" + std::to_string(getpid()));
  fs::create_directory(cgroup_);
  process_ = std::make_unique<Process>(std::vector<std::string>{BOOT_SCRIPT, root_, cgroup_},
                                       Process::Options{.out = dir_ / "log"});
  const bool up = WaitFor(
      [this] {
        init_ = FirstChild(process_->pid());
        return !init_.empty() && Try("systemctl is-system-running").out == "running\n";
      },
      seconds(60));
  if (!up) throw std::runtime_error("the machine does not come up: " + log());
}

Machine::~Machine() {
  process_.reset();
  WaitFor([this] { return RemoveCgroup(cgroup_) || !fs::exists(cgroup_); });
}

Finished Machine::Try(const std::string& script, milliseconds timeout) const {
  return outbox::test::Run(
      {"nsenter", "-t", init_, "-m", "-p", "-u", "-i", "-C", "env", "-i", "HOME=/root",
       "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", "cd; " + script},
      {}, timeout);
}

std::string Machine::Do(const std::string& script) const {
  const Finished done = Try(script);
  const std::string journal = done.exit == 0 ? "" : Try("journalctl --no-pager -q -n 30").out;
  INFO(script << "\n" << done.out << done.err << journal);
  REQUIRE(done.exit == 0);
  return done.out;
}

std::string Property(const Machine& machine, const std::string& unit, const std::string& property) {
  std::string value = machine.Do("systemctl show --value -p " + property + " " + unit);
  if (!value.empty()) value.pop_back();  // the newline
  return value;
}

}  // namespace outbox::test
