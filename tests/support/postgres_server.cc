// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_server.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <stdexcept>

#include "support/free_port.h"
#include "support/sql.h"

namespace outbox::test {
namespace {

std::filesystem::path Binaries() {
  if (const char* chosen = std::getenv("OUTBOX_TEST_PG_BIN")) return chosen;
  int newest = 0;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    if (!std::filesystem::exists(version.path() / "bin/postgres")) continue;
    newest = std::max(newest, std::atoi(version.path().filename().c_str()));
  }
  if (newest == 0) throw std::runtime_error("PostgreSQL is not installed: scripts/setup");
  return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

std::string Origin(const PostgresServer::Options& options) {
  return "host=127.0.0.1 port=" + std::to_string(options.follows) + " user=postgres";
}

}  // namespace

PostgresServer::PostgresServer(const Options& options)
    : data_((options.folder.empty() ? dir_.path() : options.folder) / "data"),
      log_(dir_ / "log"),
      user_(UnprivilegedUser({"postgres"})),
      port_(FreePort()) {
  GiveTo(user_, dir_.path());
  if (!options.folder.empty()) GiveTo(user_, options.folder);
  MakeData(options);
  WriteSettings(options);
  if (!options.certificate.key.empty()) WriteCertificate(options.certificate);
  if (!options.hba.empty()) WriteOwned("pg_hba.conf", options.hba);
  Start();
}

PostgresServer::~PostgresServer() {
  // Not Stop(): a destructor has nobody to tell. A killed postmaster's children notice and end, but
  // only later, in a folder that is going away.
  if (!process_) return;
  process_->Kill(SIGCONT);
  process_->Kill(SIGQUIT);
  process_->Wait(seconds(10));
}

void PostgresServer::MakeData(const Options& options) const {
  const std::vector<std::string> fresh = {Binaries() / "initdb",
                                          "--pgdata=" + data_.string(),
                                          "--username=postgres",
                                          "--auth=trust",
                                          "--encoding=UTF8",
                                          "--locale=C.UTF-8",
                                          "--no-sync"};
  const std::vector<std::string> copy = {Binaries() / "pg_basebackup",
                                         "--pgdata=" + data_.string(),
                                         "--write-recovery-conf",
                                         "--checkpoint=fast",
                                         "--no-sync",
                                         "--dbname=" + Origin(options)};
  const auto made = Run(options.follows > 0 ? copy : fresh, {.directory = dir_.path(), .user = user_});
  if (made.exit != 0) throw std::runtime_error("no data for PostgreSQL: " + made.out + made.err);
}

void PostgresServer::WriteSettings(const Options& options) const {
  std::map<std::string, std::string> settings{{"listen_addresses", "127.0.0.1"},
                                              {"port", std::to_string(port_)},
                                              {"unix_socket_directories", dir_.path()},
                                              {"shared_buffers", "64MB"},
                                              {"max_wal_size", "256MB"},
                                              {"log_line_prefix", "%m [%p] %a "},
                                              {"fsync", options.fsync ? "on" : "off"}};
  if (options.follows > 0) settings["primary_conninfo"] = Origin(options);
  if (!options.certificate.key.empty()) settings["ssl"] = "on";
  for (const auto& [name, value] : options.settings) settings[name] = value;
  std::string text;
  for (const auto& [name, value] : settings) text += name + " = '" + value + "'\n";
  WriteFile(data_ / "postgresql.auto.conf", text);
}

void PostgresServer::WriteOwned(const std::string& name, const std::string& text) const {
  WriteFile(data_ / name, text);
  std::filesystem::permissions(data_ / name,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  GiveTo(user_, data_ / name);
}

void PostgresServer::WriteCertificate(const Certificate& certificate) const {
  WriteOwned("server.key", ReadFile(certificate.key));
  WriteOwned("server.crt", ReadFile(certificate.certificate));
}

void PostgresServer::SetCertificate(const Certificate& certificate) {
  WriteCertificate(certificate);
  process_->Kill(SIGHUP);
}

void PostgresServer::SetHba(const std::string& lines) {
  WriteOwned("pg_hba.conf", lines);
  process_->Kill(SIGHUP);
}

void PostgresServer::Start() {
  // SIGQUIT takes the whole server down if the test dies.
  process_ = std::make_unique<Process>(
      std::vector<std::string>{Binaries() / "postgres", "-D", data_},
      Process::Options{.out = log_, .directory = data_, .user = user_, .death_signal = SIGQUIT});
  const bool serves = WaitFor([this] { return !process_->running() || Serves(); }, seconds(60));
  if (!serves || !process_->running()) throw std::runtime_error("PostgreSQL did not start: " + log());
}

bool PostgresServer::Serves() const { return PQping(conninfo().c_str()) == PQPING_OK; }

void PostgresServer::Promote() {
  if (Sql(conninfo()).Value("SELECT pg_promote()") != "t") throw std::runtime_error("no promotion: " + log());
}

void PostgresServer::Stop(StopMode mode) {
  process_->Kill(SIGCONT);
  process_->Kill(mode == StopMode::kFast ? SIGINT : SIGQUIT);
  if (!process_->Wait(seconds(60))) throw std::runtime_error("PostgreSQL did not stop: " + log());
}

void PostgresServer::Restart(StopMode mode) {
  Stop(mode);
  Start();
}

void PostgresServer::CreateDatabase(const std::string& name) {
  Sql(conninfo()).Run("CREATE DATABASE \"" + name + "\"");
}

std::string PostgresServer::conninfo(const std::string& database, const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database + " user=" + user;
}

std::string PostgresServer::socket_conninfo(const std::string& database, const std::string& user) const {
  return "host=" + dir_.path().string() + " port=" + std::to_string(port_) + " dbname=" + database +
         " user=" + user;
}

}  // namespace outbox::test
