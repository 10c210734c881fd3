// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_session.h"

// Pauses in outbox_control. Relays read them with each claim.
namespace outbox {

struct PauseEntry {
  std::optional<std::string> topic;  // none: everything
  std::string set_by;
  std::optional<std::string> reason;
  std::string since;                 // times are ISO 8601, UTC
  std::optional<std::string> until;  // none: until somebody resumes
};

struct PauseOrder {
  std::optional<std::string> topic;
  std::optional<std::string> reason;
  std::optional<milliseconds> span;  // from now on the database's clock
};

// Those that are in force.
std::vector<PauseEntry> ReadPauses(OperatorSession& session);

// A pause that is there already is replaced.
PauseEntry SetPause(OperatorSession& session, const Caller& caller, const PauseOrder& order);

// What was ended; null: nothing was paused so.
std::optional<PauseEntry> EndPause(OperatorSession& session, const Caller& caller, const PauseOrder& order);

}  // namespace outbox
