// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/wait.h"

namespace outbox::test {

// A child process. It dies with the *thread* that started it, however that ends, so start it from
// one that outlives it. Used by one thread.
class Process {
 public:
  struct Options {
    std::map<std::string, std::string> env{};  // added to ours
    std::filesystem::path in{};                // empty: /dev/null
    std::filesystem::path out{};               // appended to; empty: /dev/null
    std::filesystem::path err{};               // appended to; empty: where `out` goes
    std::filesystem::path directory{};         // empty: ours
    std::string user{};                        // empty, or we are not root: ours
    int death_signal = SIGKILL;                // sent when the starting thread ends
  };

  // A program that cannot be executed exits with 127.
  explicit Process(const std::vector<std::string>& argv) : Process(argv, Options{}) {}
  Process(const std::vector<std::string>& argv, const Options& options);
  ~Process();  // kills and reaps
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void Kill(int signal);  // nothing happens to a process that has ended
  // The exit code, 128 + signal for one that died of a signal. None: `timeout` passed first.
  std::optional<int> Wait(milliseconds timeout);

  // Of a running process, from /proc; 0 once it has ended.
  std::int64_t resident_bytes() const;
  double cpu_seconds() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

struct Finished {
  int exit = 0;
  std::string out;
  std::string err;
};

// Runs to the end; throws if that does not come in time. `out` and `err` of the options are ours.
Finished Run(const std::vector<std::string>& argv, Process::Options options = {},
             milliseconds timeout = seconds(60));

// For servers that refuse to run as root: the first existing one of `names`, or nobody.
// Empty if we are not root, and so may not choose.
std::string UnprivilegedUser(const std::vector<std::string>& names);
void GiveTo(const std::string& user, const std::filesystem::path& path);  // no-op for an empty user

}  // namespace outbox::test
