// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "support/temp_dir.h"

namespace outbox::test {
namespace {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

std::optional<User> FindUser(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return User{entry->pw_uid, entry->pw_gid};
}

// All that the child needs, made before fork(): after it, in a process with threads, only
// async-signal-safe calls are allowed, so no memory may be taken.
struct Plan {
  std::vector<char*> argv;
  std::vector<std::string> env_text;
  std::vector<char*> env;
  std::string in, out, err, directory;
  std::optional<User> user;
  int death_signal = SIGKILL;
  pid_t parent = 0;
};

Plan MakePlan(const std::vector<std::string>& argv, const Process::Options& options) {
  Plan plan;
  for (const auto& word : argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
  plan.argv.push_back(nullptr);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!options.env.contains(text.substr(0, text.find('=')))) plan.env_text.push_back(text);
  }
  for (const auto& [name, value] : options.env) plan.env_text.push_back(name + "=" + value);
  for (auto& text : plan.env_text) plan.env.push_back(text.data());
  plan.env.push_back(nullptr);
  plan.in = options.in.empty() ? "/dev/null" : options.in.string();
  plan.out = options.out.empty() ? "/dev/null" : options.out.string();
  plan.err = options.err.string();
  plan.directory = options.directory.string();
  if (!options.user.empty() && geteuid() == 0) {
    plan.user = FindUser(options.user);
    if (!plan.user) throw std::runtime_error("no such user: " + options.user);
  }
  plan.death_signal = options.death_signal;
  plan.parent = getpid();
  return plan;
}

bool Redirect(const std::string& path, int flags, int to) {
  const int from = open(path.c_str(), flags, 0666);
  return from >= 0 && dup2(from, to) == to;
}

[[noreturn]] void Become(const Plan& plan) {
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  bool ok = Redirect(plan.in, O_RDONLY, 0) && Redirect(plan.out, kAppend, 1) &&
            (plan.err.empty() ? dup2(1, 2) == 2 : Redirect(plan.err, kAppend, 2));
  if (plan.user) {
    ok = ok && setgroups(0, nullptr) == 0 && setgid(plan.user->gid) == 0 && setuid(plan.user->uid) == 0;
  }
  // After the change of user, which would reset it; and the parent may be gone already.
  ok = ok && prctl(PR_SET_PDEATHSIG, plan.death_signal) == 0 && getppid() == plan.parent;
  ok = ok && (plan.directory.empty() || chdir(plan.directory.c_str()) == 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Not every library marks its sockets; one kept open here would hide a closed connection.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ok) execvpe(plan.argv[0], plan.argv.data(), plan.env.data());
  _exit(127);
}

int ExitCode(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

Process::Process(const std::vector<std::string>& argv, const Options& options) {
  const Plan plan = MakePlan(argv, options);
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) Become(plan);
}

Process::~Process() {
  Kill(SIGKILL);
  Wait(seconds(10));
}

bool Process::running() {
  if (exit_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = ExitCode(status);
  return false;
}

void Process::Kill(int signal) {
  if (running()) kill(pid_, signal);
}

std::optional<int> Process::Wait(milliseconds timeout) {
  WaitFor([this] { return !running(); }, timeout);
  return exit_;
}

std::int64_t Process::resident_bytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  return statm ? resident * sysconf(_SC_PAGESIZE) : 0;
}

double Process::cpu_seconds() const {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid_) + "/stat");
  const auto name_end = stat.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Finished Run(const std::vector<std::string>& argv, Process::Options options, milliseconds timeout) {
  TempDir dir;
  options.out = dir / "out";
  options.err = dir / "err";
  Process process(argv, options);
  const auto exit = process.Wait(timeout);
  Finished finished{exit.value_or(-1), ReadFile(options.out), ReadFile(options.err)};
  if (!exit) throw std::runtime_error(argv.front() + " did not end in time: " + finished.err);
  return finished;
}

std::string UnprivilegedUser(const std::vector<std::string>& names) {
  if (geteuid() != 0) return "";
  for (const auto& name : names) {
    if (FindUser(name)) return name;
  }
  return "nobody";
}

void GiveTo(const std::string& user, const std::filesystem::path& path) {
  if (user.empty()) return;
  const auto found = FindUser(user);
  if (!found || chown(path.c_str(), found->uid, found->gid) != 0) {
    throw std::runtime_error("cannot give " + path.string() + " to " + user);
  }
}

}  // namespace outbox::test
