// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_session.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"
#include "postgres/connection.h"
#include "postgres/mutated_sql.h"
#include "postgres/operator_answer.h"
#include "postgres/statements.h"

namespace outbox {
namespace {

using Reason = StoreUnavailable::Reason;

std::string Filled(std::string sql, const std::string& schema, bool log) {
  sql = Mutated(std::move(sql));
  const std::string quoted = QuotedName(schema);
  const std::string outbox = quoted + ".outbox";
  const std::pair<std::string, std::string> holes[] = {
      {"{outbox}", log ? quoted + ".outbox_messages" : outbox},
      {"{waiting}", log ? quoted + ".outbox_parked" : outbox},
      {"{table}", outbox},
      {"{schema}", quoted},
      {"{class}", "'" + outbox + "'::regclass::oid::integer"}};
  for (const auto& [hole, value] : holes) {
    for (std::size_t at = sql.find(hole); at != std::string::npos; at = sql.find(hole, at + value.size())) {
      sql.replace(at, hole.size(), value);
    }
  }
  return sql;
}

// The connection's remedy for a missing right is the relay's: it names another role.
StoreUnavailable ForOperator(const StoreUnavailable& error) {
  std::string text = error.what();
  if (error.reason() == Reason::kRights) text.erase(std::min(text.find(" (is the role"), text.size()));
  return {error.reason(), text};
}

// The query of another user's session is hidden from an operator; these columns are not.
constexpr const char* kHolder = R"(/* outbox-relay: who holds a lane */
SELECT l.pid, a.usename AS role, a.application_name AS application
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.database = (
    SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.classid = '{table}'::regclass::oid AND l.objid = $1::bigint::oid AND l.pid <> pg_backend_pid())";

}  // namespace

OperatorSession::OperatorSession(PostgresSettings server, const std::string& schema)
    : server_(std::move(server)), schema_(schema) {
  Reconnect();
  log_ = Ask("/* outbox-relay: layout */ SELECT to_regclass('{schema}.outbox_progress') IS NOT NULL AS log")
             .Is(0, "log");
}

OperatorSession::~OperatorSession() = default;

void OperatorSession::Reconnect() {
  connection_.reset();
  asked_.clear();
  connection_ =
      std::make_unique<Connection>(ConnectOptions::Of(server_, "outbox-relay command"), supervisor_);
}

OperatorAnswer OperatorSession::Ask(const std::string& sql, const std::vector<std::string>& parameters) {
  const auto found = std::find(asked_.begin(), asked_.end(), sql);
  const auto index = found - asked_.begin();
  if (found == asked_.end()) asked_.push_back(sql);
  try {
    return OperatorAnswer(
        connection_->Query("operator" + std::to_string(index), Filled(sql, schema_, log_), parameters));
  } catch (const StoreUnavailable& error) {
    throw ForOperator(error);
  }
}

void OperatorSession::Begin() { connection_->Begin(); }

void OperatorSession::Commit() { connection_->Commit(); }

void OperatorSession::Rollback() noexcept { connection_->Rollback(); }

bool OperatorSession::pooled() const { return !connection_->keeps_settings(); }

std::string OperatorSession::NewTask() {
  return Ask("/* outbox-relay: new task */ SELECT gen_random_uuid() AS task").Text(0, "task");
}

std::optional<std::string> OperatorSession::HolderOf(int lane) {
  const OperatorAnswer holder = Ask(kHolder, {std::to_string(lane)});
  if (holder.size() == 0) return std::nullopt;
  return "process " + holder.Text(0, "pid") + " (role " + holder.Text(0, "role") + ", application " +
         holder.Text(0, "application") + ")";
}

LaneHold::LaneHold(OperatorSession& session, int lane) : session_(session), lane_(lane) {
  session_.Begin();
  if (Mutant("no_lane_lock")) return;
  // One statement only to wait: those that follow see what was committed until the lock was granted.
  Ask("/* outbox-relay: hold a lane */ SELECT pg_advisory_xact_lock({class}, $1::integer)",
      {std::to_string(lane)});
}

LaneHold::~LaneHold() { session_.Rollback(); }

OperatorAnswer LaneHold::Ask(const std::string& sql, const std::vector<std::string>& parameters) {
  try {
    return session_.Ask(sql, parameters);
  } catch (const StoreUnavailable& error) {
    session_.Rollback();
    if (error.reason() != Reason::kTimeout) throw;
  }
  session_.Reconnect();
  const auto holder = session_.HolderOf(lane_);
  const std::string what =
      "lane " + std::to_string(lane_) + " is busy: " +
      (holder ? "held by " + *holder : "somebody held it, or a message of it, for five seconds");
  throw LaneBusy(lane_, what);
}

}  // namespace outbox
