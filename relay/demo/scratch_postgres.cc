// SPDX-License-Identifier: Apache-2.0
#include "demo/scratch_postgres.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "outbox/store.h"
#include "postgres/sql_runner.h"

namespace outbox {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kPatience{60'000};
constexpr milliseconds kTick{20};

constexpr const char* kSettings = R"(
listen_addresses = ''
fsync = off
full_page_writes = off
shared_buffers = '64MB'
max_wal_size = '512MB'
log_line_prefix = '%m [%p] %a '
)";

[[noreturn]] void Fail(const std::string& why) {
  throw StoreUnavailable(StoreUnavailable::Reason::kOther, why);
}

bool HasServer(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "initdb", error) && fs::exists(folder / "postgres", error);
}

fs::path Binaries() {
  const char* const path = std::getenv("PATH");
  if (const auto found = FindPostgres(path == nullptr ? "" : path, "/usr/lib/postgresql")) return *found;
  Fail(
      "the demo starts a PostgreSQL of its own, and there is none on this machine. Install one (nothing of "
      "it "
      "needs to run):\n"
      "  sudo apt install postgresql\n"
      "or give a database:  outbox-relay demo --conninfo 'host=... dbname=... user=...'");
}

// PostgreSQL refuses to run as root.
std::optional<UnixUser> ServerUser() {
  if (geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* found = getpwnam(name)) return UnixUser{found->pw_uid, found->pw_gid, name};
  }
  Fail("PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody");
}

std::string Text(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

std::optional<fs::path> FindPostgres(const std::string& path, const fs::path& versions) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty() && HasServer(folder)) return fs::absolute(folder);
  }
  int newest = 0;
  std::error_code error;
  for (fs::directory_iterator it(versions, error), end; !error && it != end; it.increment(error)) {
    if (HasServer(it->path() / "bin")) newest = std::max(newest, std::atoi(it->path().filename().c_str()));
  }
  if (newest == 0) return std::nullopt;
  return versions / std::to_string(newest) / "bin";
}

ScratchPostgres::ScratchPostgres(const ScratchFolder& folder)
    : binaries_(Binaries()), folder_(folder.path()), user_(ServerUser()) {
  if (user_ && chown(folder_.c_str(), user_->uid, user_->gid) != 0) {
    Fail(fmt::format("cannot give {} to {}", folder_.string(), user_->name));
  }
  const fs::path log = folder / "postgres.log";
  ChildProcess initdb({binaries_ / "initdb", "--pgdata=" + (folder / "data").string(), "--username=postgres",
                       "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"},
                      {.directory = folder_, .log = log, .user = user_});
  if (initdb.Wait(kPatience) != 0) Fail("initdb failed: " + Text(log));
  std::ofstream(folder / "data/postgresql.auto.conf", std::ios::app)
      << kSettings << "unix_socket_directories = '" << folder_.string() << "'\n";
  Start(folder);
}

void ScratchPostgres::Start(const ScratchFolder& folder) {
  const fs::path log = folder / "postgres.log";
  // SIGINT: PostgreSQL's fast shutdown, which does not wait for its clients.
  server_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{binaries_ / "postgres", "-D", folder / "data"},
      ChildProcess::Options{.directory = folder_, .log = log, .user = user_, .end_signal = SIGINT});
  const TimePoint until = TimePoint::clock::now() + kPatience;
  for (;;) {
    try {
      version_ = SqlRunner(conninfo()).Value("SHOW server_version");
      version_ = version_.substr(0, version_.find(' '));
      return;
    } catch (const StoreUnavailable&) {
      if (!server_->running() || TimePoint::clock::now() >= until) {
        Fail("PostgreSQL did not start: " + Text(log));
      }
    }
    std::this_thread::sleep_for(kTick);
  }
}

std::string ScratchPostgres::conninfo() const {
  return fmt::format("host={} user=postgres", folder_.string());
}

std::string ScratchPostgres::Revival() const {
  const std::string as = user_ ? fmt::format("runuser -u {} -- ", user_->name) : "";
  const std::string control = fmt::format("{}{}/pg_ctl -D {}/data", as, binaries_.string(), folder_.string());
  return fmt::format("  {0} -l {1}/postgres.log start\n  psql '{2}'\n  {0} stop && rm -r {1}\n", control,
                     folder_.string(), conninfo());
}

}  // namespace outbox
