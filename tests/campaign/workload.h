// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox::campaign {

// What the rows are like. As it stands a bit of everything; a plan that aims at one weakness makes it worse.
struct Workload {
  int large_percent = 1;  // rows of RowKind::kLarge
  int old_percent = 1;    // of RowKind::kOld
  int keys = 80;          // serialised, and as many that are not
  // In a request to the broker at most; 0: as the relay has it. Few: a batch takes many requests, of which
  // one may be refused and the next not.
  int request_messages = 0;
};

}  // namespace outbox::campaign
