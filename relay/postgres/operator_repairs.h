// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_messages.h"

// Changes to unsent messages. Each is one transaction that holds the lane, changes and leaves a row
// in outbox_audit; so nothing of it is in flight, and order within a key is kept.
namespace outbox {

inline constexpr std::size_t kMostRepaired = 500;  // in one transaction, but see UnblockUnit

enum class Repair {
  kRetry,    // failed: retrying, with no attempt spent, due now; retrying: due now
  kDiscard,  // deleted
};

// What outbox_audit says about a change.
struct RepairNote {
  Caller caller;
  std::string command;
  std::string filter;  // JSON
  std::string reason;  // empty: none
};

// Ids of one lane that are changed together.
struct RepairBatch {
  int lane = 0;
  std::vector<std::int64_t> ids;
};

// What the range, whose filter is for repairable messages, means in one lane. To retry means retrying and
// failed messages, and of a key all of them together, the ones not asked for too: newer messages of the key
// then wait for them. A key's messages are in one batch if they fit.
std::vector<RepairBatch> PlanRepair(OperatorSession& session, const FoundRange& range, Repair repair,
                                    int lane);

// Returns the ids that were changed: those that are no longer unsent are passed over, and so are, if
// they are to be discarded, those that another transaction has locked. Throws LaneBusy.
std::vector<std::int64_t> ApplyRepair(OperatorSession& session, Repair repair, const RepairBatch& batch,
                                      const RepairNote& note);

// All retrying and failed messages of a unit at once, however many. Throws LaneBusy.
std::vector<std::int64_t> UnblockUnit(OperatorSession& session, Repair repair, const MessageState& of,
                                      const RepairNote& note);

}  // namespace outbox
