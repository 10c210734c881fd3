// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "outbox/store.h"
#include "postgres/operator_pauses.h"

namespace outbox {

// Connections of relays to this database, by the name that they give themselves.
struct RelayPresence {
  std::string application;
  std::int64_t connections = 0;
};

struct OutboxStatus {
  TableSample sample;
  std::string on_failed;
  std::vector<PauseEntry> pauses;
  std::vector<RelayPresence> relays;
  std::int64_t last_id = 0;  // drawn by a service; its growth is what comes in
};

// The state of an outbox as the database knows it; cheap, whatever the history. Throws
// StoreUnavailable.
OutboxStatus ReadStatus(OperatorSession& session, const PostgresSettings& server, const std::string& schema);

}  // namespace outbox
