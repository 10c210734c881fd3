// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "support/authority.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {

// A PostgreSQL server of the test's own, running when the constructor returns. The binaries are the
// newest ones installed, or those in $OUTBOX_TEST_PG_BIN. The superuser is `postgres`. Used by one thread.
class PostgresServer {
 public:
  struct Options {
    std::map<std::string, std::string> settings{};  // postgresql.conf, values unquoted
    bool fsync = true;                              // off: faster where no crash is tested
    std::filesystem::path folder{};                 // where its data goes; empty: one of its own
    Certificate certificate{};                      // for TLS; none: none
    std::string hba{};                              // pg_hba.conf; empty: everyone is trusted
    int follows = 0;  // the port of a server whose asynchronous replica it is to be; 0: of none
  };
  enum class StopMode { kFast, kImmediate };  // kImmediate is a crash: recovery at the next start

  PostgresServer() : PostgresServer(Options{}) {}
  explicit PostgresServer(const Options& options);
  ~PostgresServer();

  void Start();
  bool Serves() const;
  void Promote();  // a replica, which follows nobody from now on; returns when that is done
  void Stop(StopMode mode = StopMode::kFast);
  void Restart(StopMode mode = StopMode::kFast);
  // In force for new connections within a moment.
  void SetCertificate(const Certificate& certificate);
  void SetHba(const std::string& lines);
  void CreateDatabase(const std::string& name);

  int port() const { return port_; }
  std::string conninfo(const std::string& database = "postgres", const std::string& user = "postgres") const;
  std::string socket_conninfo(const std::string& database = "postgres",
                              const std::string& user = "postgres") const;
  Process& process() { return *process_; }  // the postmaster; started anew by each Start
  std::string log() const { return ReadFile(log_); }

 private:
  void MakeData(const Options& options) const;
  void WriteSettings(const Options& options) const;
  void WriteOwned(const std::string& name, const std::string& text) const;
  void WriteCertificate(const Certificate& certificate) const;

  TempDir dir_;
  std::filesystem::path data_;
  std::filesystem::path log_;
  std::string user_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace outbox::test
