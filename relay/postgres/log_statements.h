// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "outbox/message.h"
#include "postgres/statements.h"

namespace outbox {

// Which rows of the log are read.
struct LogRead {
  std::int64_t above = 0;   // ids above this
  std::int64_t upto = 0;    // up to this
  std::string now;          // visible in this snapshot
  std::string before = {};  // and not in this one, unless it is empty
  std::int64_t rows = 0;    // at most
  std::int64_t fits = 0;    // a larger payload is not fetched
  bool carefully = false;   // stop at
  std::int64_t bytes = 0;   // of payload
  milliseconds timeout{0};
};

// Whether progress `p` is of another cluster, or tells of transactions or ids that this one never had. A
// physical replica has all that went before the progress that it has.
inline constexpr const char* kLogElsewhere =
    R"((p.system_identifier <> (SELECT system_identifier FROM pg_control_system())
  OR pg_snapshot_xmax(coalesce(p.next_snapshot, p.snapshot)) > pg_snapshot_xmax(pg_current_snapshot())
  OR greatest(p.upto, p.last_drawn) > (SELECT d.last_drawn FROM {last_drawn} d)) IS TRUE)";

// The SQL by which a log is read. What is parked is served by the statements of the other modes.
struct LogStatements {
  explicit LogStatements(const std::string& schema);

  // These tell the marker, by which it is known that all come from one server.
  Statement look;      // last drawn id, snapshot, control
  Statement own_xid;   // a transaction with an xid of ours, and nothing else
  Statement snapshot;  // the present one
  Statement load;      // the progress row
  Statement moved;     // version and writer
  Statement move;      // version, writer, position, marker; no row: somebody else has moved it, or elsewhere
  std::string set_marker;
  Statement park;  // ids, statuses, attempts, delays in ms, errors
  Statement parked_size;
  Statement units;  // does failed block? Units with rows that later ones must wait for; at least a marker
  Statement sample;
  Statement topics;
  Statement make_partitions;
  Statement drop_partitions;  // age in seconds
  Statement guard;

  // To be copied, as LogRows reads it. Its first statement's last column is the marker.
  std::string Read(const LogRead& what) const;

 private:
  std::string read_settings, read_new, read_late, read_new_carefully, read_late_carefully;
};

}  // namespace outbox
