// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/settings.h"
#include "outbox/store.h"
#include "postgres/step_deadline.h"

namespace outbox {

// How to reach the server, complete with the relay's own defaults.
struct ConnectOptions {
  std::string conninfo;
  Secret password;
  PoolerMode pooler = PoolerMode::kAuto;
  milliseconds statement_timeout{30'000};
  milliseconds transaction_timeout{45'000};
  std::string application_name;

  static ConnectOptions Of(const PostgresSettings& server, std::string application_name) {
    return {.conninfo = server.conninfo,
            .password = server.password,
            .pooler = server.pooler,
            .statement_timeout = server.statement_timeout,
            .transaction_timeout = server.transaction_timeout,
            .application_name = std::move(application_name)};
  }
};

// One connection to PostgreSQL, with the two things libpqxx does not give: a deadline on the client's
// side for every step, and one way to pass parameters that libpqxx 6 and 7 both have. Every error
// leaves as StoreUnavailable, after which the connection is of no further use (libpqxx 6 would
// silently open another one, without our locks). Used by one thread.
class Connection {
 public:
  Connection(const ConnectOptions& options, StepSupervisor& supervisor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A statement of several parts, or one whose result nobody wants.
  void Run(const std::string& sql);
  pqxx::result Query(const std::string& sql);
  // Prepared under `name` at first use on a direct connection, unnamed behind a pooler. Parameters
  // are text; arrays as '{1,2}'.
  pqxx::result Query(const std::string& name, const std::string& sql,
                     const std::vector<std::string>& parameters);

  void Begin();
  // Throws StoreUnavailable with kUnknownCommit if no answer came.
  void Commit();
  void Rollback() noexcept;  // of nothing: nothing
  // A statement outside a transaction runs under our settings, too.
  bool keeps_settings() const { return !pooled_; }

 private:
  template <typename Step>
  auto Guarded(milliseconds limit, Step&& step);
  void SetUp(const ConnectOptions& options);

  StepSupervisor& supervisor_;
  const milliseconds statement_limit_;
  std::string begin_;  // BEGIN, and behind a pooler the settings that belong to each transaction
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<StepDeadline> deadline_;
  std::unique_ptr<pqxx::nontransaction> session_;
  std::set<std::string> prepared_;
  bool pooled_ = false;
  bool open_ = false;  // a transaction is
};

// conninfo with the defaults of docs/configuration.md added where they are absent.
std::string CompleteConninfo(const ConnectOptions& options);

}  // namespace outbox
