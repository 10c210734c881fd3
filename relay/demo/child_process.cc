// SPDX-License-Identifier: Apache-2.0
#include "demo/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

namespace outbox {
namespace {

constexpr milliseconds kTick{5};
constexpr milliseconds kPatience{10'000};

bool Redirect(const char* path, int flags, int to) {
  const int from = open(path, flags, 0644);
  return from >= 0 && dup2(from, to) == to;
}

bool ChangeUser(const std::optional<UnixUser>& user) {
  return !user || (setgroups(0, nullptr) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

// Between fork and exec: only calls that take no memory and no lock.
[[noreturn]] void Become(char* const* argv, const ChildProcess::Options& options, pid_t parent) {
  bool ok = setsid() > 0 && ChangeUser(options.user) && chdir(options.directory.c_str()) == 0;
  ok = ok && Redirect("/dev/null", O_RDONLY, 0) &&
       Redirect(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 1) && dup2(1, 2) == 2;
  // A change of user would undo it, so it comes after; and we may have been killed meanwhile.
  ok = ok && prctl(PR_SET_PDEATHSIG, options.end_signal) == 0 && getppid() == parent;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  if (ok) execv(argv[0], argv);
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const Options& options)
    : end_signal_(options.end_signal) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) Become(words.data(), options, parent);
}

ChildProcess::~ChildProcess() {
  Send(end_signal_);
  if (Wait(kPatience)) return;
  Send(SIGKILL);
  Wait(kPatience);
}

bool ChildProcess::running() {
  if (exit_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return false;
}

void ChildProcess::Send(int signal) {
  if (running()) kill(pid_, signal);
}

std::optional<int> ChildProcess::Wait(milliseconds timeout) {
  const TimePoint until = TimePoint::clock::now() + timeout;
  while (running() && TimePoint::clock::now() < until) std::this_thread::sleep_for(kTick);
  return exit_;
}

}  // namespace outbox
