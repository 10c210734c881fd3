// SPDX-License-Identifier: Apache-2.0
#include "postgres/connection.h"

#include <libpq-fe.h>

#include <algorithm>
#include <utility>

#include "postgres/errors.h"

namespace outbox {
namespace {

constexpr milliseconds kSlack{5'000};  // the server's own timeouts come first
constexpr milliseconds kCommitLimit{30'000};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string Quoted(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

// What an unset keyword becomes. Behind a pooler target_session_attrs would be answered from its cache.
std::vector<std::pair<std::string, std::string>> Defaults(const ConnectOptions& options) {
  std::vector<std::pair<std::string, std::string>> defaults = {{"application_name", options.application_name},
                                                               {"connect_timeout", "10"},
                                                               {"tcp_user_timeout", "30000"},
                                                               {"keepalives_idle", "30"},
                                                               {"keepalives_interval", "10"},
                                                               {"keepalives_count", "3"},
                                                               {"client_encoding", "UTF8"}};
  if (options.pooler == PoolerMode::kNone) defaults.emplace_back("target_session_attrs", "read-write");
  return defaults;
}

}  // namespace

std::string CompleteConninfo(const ConnectOptions& options) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> given(
      PQconninfoParse(options.conninfo.c_str(), &error));
  if (!given) {
    const std::string text = error != nullptr ? error : "out of memory";
    PQfreemem(error);
    throw StoreUnavailable(StoreUnavailable::Reason::kOther, "postgres.conninfo: " + text);
  }
  auto defaults = Defaults(options);
  if (options.password) defaults.emplace_back("password", options.password());
  std::string complete;
  for (const PQconninfoOption* option = given.get(); option->keyword != nullptr; ++option) {
    const auto ours = std::find_if(defaults.begin(), defaults.end(),
                                   [&](const auto& entry) { return entry.first == option->keyword; });
    const bool always =
        ours != defaults.end() && (ours->first == "password" || ours->first == "client_encoding");
    std::string value;
    if (option->val != nullptr && !always) {
      value = option->val;
    } else if (ours != defaults.end()) {
      value = ours->second;
    } else {
      continue;
    }
    complete += std::string(option->keyword) + "=" + Quoted(value) + " ";
  }
  return complete;
}

Connection::Connection(const ConnectOptions& options, StepSupervisor& supervisor)
    : supervisor_(supervisor), statement_limit_(options.statement_timeout + kSlack) {
  try {
    connection_ = std::make_unique<pqxx::connection>(CompleteConninfo(options));
    deadline_ = std::make_unique<StepDeadline>(supervisor_, connection_->sock());
    session_ = std::make_unique<pqxx::nontransaction>(*connection_);
  } catch (const StoreUnavailable&) {
    throw;
  } catch (const std::exception& error) {
    throw Translate(error, false);
  }
  SetUp(options);
}

Connection::~Connection() {
  deadline_.reset();  // before the socket closes
  session_.reset();
}

void Connection::SetUp(const ConnectOptions& options) {
  pooled_ = options.pooler == PoolerMode::kTransaction;
  if (options.pooler == PoolerMode::kAuto) {
    // A pooler tells the client a process id of its own making.
    pooled_ = Query("SELECT pg_backend_pid()")[0][0].as<int>() != connection_->backendpid();
  }
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"statement_timeout", std::to_string(options.statement_timeout.count())},
      {"idle_in_transaction_session_timeout", std::to_string(options.transaction_timeout.count())},
      {"lock_timeout", "5000"},
      {"bytea_output", "hex"},  // as Rows reads it
      // The plan must not depend on what the table held when it was last analysed: always by lane and
      // id, never a bitmap and a sort of all that is pending.
      {"enable_bitmapscan", "off"},
      {"enable_seqscan", "off"},
      {"enable_hashjoin", "off"},
      {"jit", "off"}};
  std::string all;
  for (const auto& [name, value] : settings) {
    all += std::string("SET ") + (pooled_ ? "LOCAL " : "") + name + " = " + value + "; ";
  }
  // The reads after the lanes were taken must see what was committed until then.
  begin_ = "BEGIN ISOLATION LEVEL READ COMMITTED";
  if (connection_->server_version() >= 170'000) {
    begin_ += "; SET LOCAL transaction_timeout = " + std::to_string(options.transaction_timeout.count());
  }
  if (pooled_) {
    begin_ += "; " + all;
  } else {
    Run(all + "SET plan_cache_mode = force_generic_plan");
  }
}

template <typename Step>
auto Connection::Guarded(milliseconds limit, Step&& step) {
  struct End {
    StepDeadline& deadline;
    ~End() { deadline.End(); }
  } const end{*deadline_};
  deadline_->Begin(limit);
  try {
    return step();
  } catch (const std::exception& error) {
    throw Translate(error, deadline_->missed());
  }
}

void Connection::Run(const std::string& sql) {
  Guarded(statement_limit_, [&] { return session_->exec(sql); });
}

pqxx::result Connection::Query(const std::string& sql) {
  return Guarded(statement_limit_, [&] { return session_->exec(sql); });
}

pqxx::result Connection::Query(const std::string& name, const std::string& sql,
                               const std::vector<std::string>& parameters) {
  return Guarded(statement_limit_, [&] {
    if (!pooled_ && prepared_.insert(name).second) connection_->prepare(name, sql);
#if PQXX_VERSION_MAJOR >= 7
    pqxx::params values;
    for (const std::string& parameter : parameters) values.append(parameter);
    return pooled_ ? session_->exec(sql, values) : session_->exec(pqxx::prepped{name}, values);
#else
    const auto values = pqxx::prepare::make_dynamic_params(parameters);
    return pooled_ ? session_->exec_params(sql, values) : session_->exec_prepared(name, values);
#endif
  });
}

void Connection::Begin() {
  Run(begin_);
  open_ = true;
}

void Connection::Commit() {
  open_ = false;
  try {
    Guarded(kCommitLimit, [&] { return session_->exec("COMMIT"); });
  } catch (const StoreUnavailable& error) {
    // An answer that says no is a no; anything else may have been a yes.
    const bool answered = error.reason() == StoreUnavailable::Reason::kOther;
    if (answered) throw;
    throw StoreUnavailable(StoreUnavailable::Reason::kUnknownCommit,
                           std::string("no answer to COMMIT: ") + error.what());
  }
}

void Connection::Rollback() noexcept {
  if (!std::exchange(open_, false)) return;
  try {
    Guarded(statement_limit_, [&] { return session_->exec("ROLLBACK"); });
  } catch (const std::exception&) {
    // The server rolls back by itself when the connection is gone.
  }
}

}  // namespace outbox
