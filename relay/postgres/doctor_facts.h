// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_session.h"

// What `doctor` reads of a database. Facts only; what they mean is said in relay/cli/doctor_database.cc.
// All that is read is open to every role that may look at the outbox.
namespace outbox {

struct ServerFacts {
  int version = 0;  // 150004
  bool standby = false;
  bool pooled = false;
  double clock_ahead = 0;                              // seconds, of ours
  double clock_unsure = 0;                             // seconds, half of the round trip
  std::int64_t connections = 0, most_connections = 0;  // in use; that ordinary roles may have
};

struct RoleFacts {
  std::string role;
  bool superuser = false;
  bool owner = false;                    // may drop the outbox
  bool relay = false, operates = false;  // is a member
  bool relay_may_drop = false;           // outbox_relay is a member of the owner
  bool producers_read_ids = false;       // INSERT ... RETURNING id works
  std::vector<std::string> meddlers;     // members of outbox_producer that may change or delete messages
};

struct TableFacts {
  std::vector<std::string> invalid_indexes;
  bool autovacuum = true;            // of the server, and of this table
  std::vector<std::string> options;  // "autovacuum_vacuum_threshold=5000"
  std::int64_t dead = 0, live = 0;   // rows, as the statistics know
  std::int64_t bytes = 0;            // with indexes and what lies beside it
  std::int64_t oldest_sent = 0;      // seconds since; of the first messages by id. 0: none of them is sent
  std::int64_t pending_index_bytes = 0;
  std::int64_t pending_index_entries = 0;  // since it was last vacuumed
};

// What keeps vacuum from removing what is dead.
struct VacuumHolder {
  std::string what;          // "process 4711 (role alice, application psql)"
  std::string remedy;        // a statement
  std::int64_t seconds = 0;  // 0: no time is known
};
struct VacuumFacts {
  std::vector<VacuumHolder> holders;
  bool blind = false;  // other roles' transactions are hidden from this one
};

struct WaitingTopic {
  std::string topic;
  std::int64_t waiting = 0;  // messages looked at, pending and retrying
  std::int64_t largest = 0;  // bytes of key, payload and headers
};

ServerFacts ReadServerFacts(OperatorSession& session);
RoleFacts ReadRoleFacts(OperatorSession& session, const std::string& role_prefix);
TableFacts ReadTableFacts(OperatorSession& session);
VacuumFacts ReadVacuumFacts(OperatorSession& session, seconds long_open);
// Of messages that wait, and of the newest ones; a few thousand of each are looked at.
std::vector<WaitingTopic> ReadTopics(OperatorSession& session);

}  // namespace outbox
