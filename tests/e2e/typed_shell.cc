// SPDX-License-Identifier: Apache-2.0
#include "e2e/typed_shell.h"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "support/wait.h"

namespace outbox::test {
namespace {

constexpr int kPatienceMs = 10'000;

void Write(int terminal, const std::string& keys) {
  if (write(terminal, keys.data(), keys.size()) != std::ssize(keys)) throw std::runtime_error("bash is gone");
}

}  // namespace

TypedShell::TypedShell() {
  winsize size{50, 5'000, 0, 0};  // wide, so that no line is wrapped
  pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("no terminal is to be had");
  if (pid_ == 0) {
    setenv("TERM", "dumb", 1);
    setenv("HISTFILE", "/dev/null", 1);
    execlp("bash", "bash", "--norc", "--noprofile", "-i", nullptr);
    _exit(127);
  }
  Run("PS1=; bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; stty -echo");
}

TypedShell::~TypedShell() {
  close(terminal_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

// The mark is printed in two parts, so that its echo is not taken for it.
std::string TypedShell::Run(const std::string& line) {
  ++runs_;
  Write(terminal_, line + "\n");
  Write(terminal_, "echo 'mark'-" + std::to_string(runs_) + "-\n");
  return AwaitMark();
}

std::string TypedShell::Completed(const std::string& line) {
  ++runs_;
  // TAB; then the line becomes an argument of a command that shows it.
  Write(terminal_, line + "\t\x01" + "printf '[%s]\\n' \"\x05\"\n");
  Write(terminal_, "echo 'mark'-" + std::to_string(runs_) + "-\n");
  const std::string shown = AwaitMark();
  const std::size_t end = shown.rfind("]\r\n");
  const std::size_t begin = shown.rfind('[', end);
  if (end == std::string::npos || begin == std::string::npos) throw std::runtime_error("bash said: " + shown);
  return shown.substr(begin + 1, end - begin - 1);
}

std::string TypedShell::AwaitMark() {
  const std::string mark = "mark-" + std::to_string(runs_) + "-\r\n";
  std::string said;
  while (said.find(mark) == std::string::npos) {
    pollfd ready{terminal_, POLLIN, 0};
    if (poll(&ready, 1, kPatienceMs) <= 0) throw std::runtime_error("bash does not answer, but: " + said);
    std::array<char, 4096> part{};
    const ssize_t size = read(terminal_, part.data(), part.size());
    if (size <= 0) throw std::runtime_error("bash is gone: " + said);
    said.append(part.data(), static_cast<std::size_t>(size));
  }
  return said.substr(0, said.find(mark));
}

}  // namespace outbox::test
