// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_repairs.h"

// The partitions of a log, as operators see them: a log is purged by them as wholes.
namespace outbox {

struct LogPartition {
  std::string name;
  std::int64_t first = 0, upper = 0;  // it takes ids from `first` to below `upper`
  bool done = false;                  // all its messages are, and no open transaction can add one
  std::optional<double> youngest;     // seconds since its last message was inserted; none: it is empty

  std::int64_t ids() const { return upper - first; }
};

// By ids, upward. Throws StoreUnavailable, as the others do.
std::vector<LogPartition> ReadPartitions(OperatorSession& session);

// Drops those that are done and whose last message is older than that; a row in outbox_audit tells of it.
// Returns how many ids they held. 0, too, if somebody uses the table just now.
std::int64_t DropPartitions(OperatorSession& session, milliseconds older_than, const RepairNote& note);

// For `doctor`.
struct LogFacts {
  std::int64_t partitions = 0;
  std::int64_t ids_left = 0;        // that partitions have room for
  std::int64_t partition_rows = 0;  // that a new one is made for
  bool foreign = false;             // progress was made on another cluster
};
LogFacts ReadLogFacts(OperatorSession& session);

}  // namespace outbox
