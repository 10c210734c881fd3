// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "outbox/message.h"

namespace outbox {

// Whom a program is to run as, where it refuses to run as root.
struct UnixUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

// A program that ends with us. In a session of its own: Ctrl-C at the terminal is for us alone, and we
// decide when the program ends. To be started by the main thread: the kernel takes the end of the
// starting thread for ours. Used by one thread.
class ChildProcess {
 public:
  struct Options {
    std::filesystem::path directory;
    std::filesystem::path log;     // of both its outputs; appended to
    std::optional<UnixUser> user;  // none: ours
    int end_signal = 15;           // what ends it in good order; it gets it too if we are killed
  };

  ChildProcess(const std::vector<std::string>& argv, const Options& options);
  ~ChildProcess();  // asks it to end, waits a few seconds, and then kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running();
  void Send(int signal);
  // The exit code, 128 + signal if it died of one. None: `timeout` passed first.
  std::optional<int> Wait(milliseconds timeout);

 private:
  const int end_signal_;
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

}  // namespace outbox
