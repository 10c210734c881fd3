// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scan_memory.h"
#include "core/snapshot.h"
#include "outbox/store.h"

namespace outbox {

// What the first statement of a claim found out, and what the reads add to it.
struct ClaimState {
  int epoch = 0;           // of the lane book when it was asked for the scan starts
  std::vector<int> lanes;  // whose locks we hold
  Xid xid = 0;             // our own
  std::int64_t last_drawn = 0;
  std::int64_t bound = ScanMemory::kNone;
  microseconds now{0};  // the database's clock
  std::vector<ScanMemory::LaneRead> reads;
  bool trial = false;               // tells nothing about the lane
  std::optional<std::string> only;  // tells about this topic alone
};

}  // namespace outbox
