// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "outbox/settings.h"
#include "postgres/step_deadline.h"

namespace outbox {

class Connection;
class OperatorAnswer;

// Who repairs, beside the database role: for outbox_audit.
struct Caller {
  std::string task;  // UUID of this run
  std::string os_user;
  std::string host;
};

// Somebody holds what an operator's command must have for itself. Nothing was changed; try again.
class LaneBusy : public std::runtime_error {
 public:
  LaneBusy(int lane, const std::string& what) : std::runtime_error(what), lane_(lane) {}
  int lane() const { return lane_; }

 private:
  int lane_;
};

// An operator's connection to one outbox; all that operators do goes through it, and needs no more
// than the role outbox_operator. Errors are StoreUnavailable. Used by one thread.
class OperatorSession {
 public:
  OperatorSession(PostgresSettings server, const std::string& schema);
  ~OperatorSession();

  // In the text these are filled in: {schema}; {table}, what services insert into; {outbox}, where messages
  // are looked for with their state; {waiting}, where those are that may be repaired; {class} (of the lane
  // locks). The last three tables are one unless the outbox is a log.
  OperatorAnswer Ask(const std::string& sql, const std::vector<std::string>& parameters = {});
  void Begin();
  void Commit();
  void Rollback() noexcept;
  // After an error a connection is of no further use.
  void Reconnect();

  bool log() const { return log_; }  // the outbox is kept as a log
  bool pooled() const;               // something between shares the server's connections among clients
  std::string NewTask();             // a random UUID
  // Who holds a lane now, in words; null: nobody.
  std::optional<std::string> HolderOf(int lane);

 private:
  const PostgresSettings server_;
  const std::string schema_;
  StepSupervisor supervisor_;
  std::unique_ptr<Connection> connection_;
  bool log_ = false;
  std::vector<std::string> asked_;  // by index: the statement is prepared as "operator<index>"
};

// A transaction that holds a lane: no relay has anything of it in flight, or takes it, until the end.
// Used within one session, one at a time.
class LaneHold {
 public:
  LaneHold(OperatorSession& session, int lane);  // throws LaneBusy after five seconds
  ~LaneHold();                                   // rolls back what was not committed
  LaneHold(const LaneHold&) = delete;
  LaneHold& operator=(const LaneHold&) = delete;

  // As OperatorSession::Ask, but a lock that is not to be had in time is LaneBusy.
  OperatorAnswer Ask(const std::string& sql, const std::vector<std::string>& parameters);
  void Commit() { session_.Commit(); }
  int lane() const { return lane_; }

 private:
  OperatorSession& session_;
  const int lane_;
};

}  // namespace outbox
