// SPDX-License-Identifier: Apache-2.0
#include "support/pgbouncer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "support/free_port.h"

namespace outbox::test {
namespace {

// Debian puts it where only root's path leads.
std::string Binary() {
  return std::filesystem::exists("/usr/sbin/pgbouncer") ? "/usr/sbin/pgbouncer" : "pgbouncer";
}

// PQping would wait for the server behind it.
bool Listens(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens = connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(client);
  return listens;
}

}  // namespace

PgBouncer::PgBouncer(int server_port, const std::map<std::string, std::string>& settings)
    : user_(UnprivilegedUser({"postgres"})), port_(FreePort()) {
  GiveTo(user_, dir_.path());
  std::map<std::string, std::string> all{
      {"listen_addr", "127.0.0.1"},
      {"listen_port", std::to_string(port_)},
      {"unix_socket_dir", dir_.path()},
      {"auth_type", "trust"},
      {"auth_file", dir_ / "users"},
      {"auth_query", "SELECT rolname, NULL FROM pg_roles WHERE rolname = $1"},
      {"auth_user", "postgres"},
      {"pool_mode", "transaction"},
      {"ignore_startup_parameters", "extra_float_digits,options"}};
  for (const auto& [name, value] : settings) all[name] = value;
  std::string text =
      "[databases]\n* = host=127.0.0.1 port=" + std::to_string(server_port) + "\n[pgbouncer]\n";
  for (const auto& [name, value] : all) text += name + " = " + value + "\n";
  WriteFile(dir_ / "users", "\"postgres\" \"\"\n");
  WriteFile(dir_ / "pgbouncer.ini", text);
  Start();
}

void PgBouncer::Start() {
  process_ = std::make_unique<Process>(std::vector<std::string>{Binary(), dir_ / "pgbouncer.ini"},
                                       Process::Options{.out = dir_ / "log", .user = user_});
  const bool serves = WaitFor([this] { return !process_->running() || Listens(port_); });
  if (!serves || !process_->running()) throw std::runtime_error("PgBouncer did not start: " + log());
}

void PgBouncer::Stop() {
  process_->Kill(SIGTERM);
  if (!process_->Wait(seconds(1))) process_->Kill(SIGQUIT);  // from 1.23 on the first waits for clients
  if (!process_->Wait(seconds(10))) throw std::runtime_error("PgBouncer did not stop: " + log());
}

void PgBouncer::Crash() {
  process_->Kill(SIGKILL);
  process_->Wait(seconds(10));
}

std::string PgBouncer::conninfo(const std::string& database, const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database + " user=" + user;
}

}  // namespace outbox::test
