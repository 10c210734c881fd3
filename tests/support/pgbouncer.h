// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "support/postgres_server.h"

namespace outbox::test {

// PgBouncer with transaction pooling in front of a server, running when the constructor returns.
// It connects as the user that the client names, to the database that the client names. Used by one thread.
class PgBouncer {
 public:
  explicit PgBouncer(const PostgresServer& server, const std::map<std::string, std::string>& settings = {})
      : PgBouncer(server.port(), settings) {}
  explicit PgBouncer(int server_port, const std::map<std::string, std::string>& settings = {});

  void Start();  // returns when it listens
  void Stop();   // at once: its clients lose their connections
  void Crash();  // SIGKILL
  void Freeze() { process_->Kill(SIGSTOP); }
  void Thaw() { process_->Kill(SIGCONT); }
  int port() const { return port_; }
  std::string conninfo(const std::string& database = "postgres", const std::string& user = "postgres") const;
  Process& process() { return *process_; }
  std::string log() const { return ReadFile(dir_ / "log"); }

 private:
  TempDir dir_;
  std::string user_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace outbox::test
