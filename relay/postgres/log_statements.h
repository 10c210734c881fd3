// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "postgres/statements.h"

namespace outbox {

// The SQL by which a log is read. What is parked is served by the statements of the other modes.
struct LogStatements {
  explicit LogStatements(const std::string& schema);

  Statement look;      // last drawn id, snapshot, control
  Statement own_xid;   // a transaction with an xid of ours, and nothing else
  Statement snapshot;  // the present one
  // Parameters: from, upto, snapshot, most rows, max payload, most bytes, and for late rows the snapshot
  // before. Only the careful ones obey most bytes.
  const Statement& Read(bool late, bool carefully) const {
    if (carefully) return late ? read_late_carefully : read_new_carefully;
    return late ? read_late : read_new;
  }
  Statement read_new, read_late, read_new_carefully, read_late_carefully;
  Statement load;   // the progress row
  Statement move;   // version, writer, position; no row: somebody else has moved it
  Statement moved;  // version and writer
  Statement park;   // ids, statuses, attempts, delays in ms, errors
  Statement parked_size;
  Statement units;  // does failed block? Units with rows that later ones must wait for
  Statement sample;
  Statement make_partitions;
  Statement drop_partitions;  // age in seconds
  Statement guard;
};

}  // namespace outbox
