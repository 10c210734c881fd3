// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace outbox::test {

// An interactive bash on a terminal of its own, to which a test types: so that its line editor completes
// what is typed. Used by one thread.
class TypedShell {
 public:
  TypedShell();
  ~TypedShell();
  TypedShell(const TypedShell&) = delete;
  TypedShell& operator=(const TypedShell&) = delete;

  // Runs a line and returns what it printed. Throws if that takes too long.
  std::string Run(const std::string& line);
  // What becomes of a line when TAB is pressed at its end.
  std::string Completed(const std::string& line);

 private:
  std::string AwaitMark();

  int terminal_ = -1;
  pid_t pid_ = -1;
  int runs_ = 0;
};

}  // namespace outbox::test
