// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {

// A Debian with a systemd of its own, booted from a copy of a root folder and gone with this object. It
// shares this host's network, so servers on loopback can be reached, both ways. Needs root. Used by one
// thread.
class Machine {
 public:
  explicit Machine(const std::filesystem::path& base);  // throws if it does not come up in a minute
  ~Machine();

  // By a shell, as root; stops at the first command that fails.
  Finished Try(const std::string& script, milliseconds timeout = seconds(120)) const;
  std::string Do(const std::string& script) const;  // what it prints; the test fails if the script does

  // A file of the machine, as this host sees it.
  std::filesystem::path path(const std::string& absolute) const { return root_ / absolute.substr(1); }
  std::string log() const { return ReadFile(dir_ / "log"); }

 private:
  TempDir dir_;
  std::filesystem::path root_ = dir_ / "root";
  std::filesystem::path cgroup_;
  std::unique_ptr<Process> process_;
  std::string init_;  // its process 1, as this host counts
};

// What systemd says of a unit: Property(machine, "outbox-relay@orders", "MainPID").
std::string Property(const Machine& machine, const std::string& unit, const std::string& property);

}  // namespace outbox::test
