// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace outbox {

using Xid = std::uint64_t;

// Which transactions had ended at one moment, as PostgreSQL's pg_snapshot tells it: every one below
// xmin had; those in xip had not. Of those at or above xmax nothing is known: xmax is the last xid
// that *ended*, plus one, so a running transaction may stand at or above it without being in xip.
struct Snapshot {
  Xid xmin = 0;
  Xid xmax = 0;
  std::vector<Xid> xip;  // ascending

  // Reads "xmin:xmax:xip,xip,...". Throws std::invalid_argument.
  static Snapshot Parse(std::string_view text);
};

}  // namespace outbox
