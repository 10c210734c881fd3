// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/backoff.h"
#include "outbox/publisher.h"
#include "outbox/store.h"

namespace outbox {

struct RetryPolicy {
  int max_attempts = 20;  // 0: no limit
  Backoff backoff;
};

// What becomes of a message, and what else its report asks for.
struct Verdict {
  Outcome outcome = Outcome::kWait;
  milliseconds delay{0};  // kRetry
  bool suspect = false;   // refused in company: its next try goes alone
};

// The outcome table. A refusal is charged only to a message that was alone in its request, because a
// broker refuses a whole batch for one of its messages; nothing else ever spends an attempt.
// `attempts` is how many were spent before; `random` is any 64 random bits.
Verdict Judge(const Report& report, Road road, int attempts, const RetryPolicy& policy, std::uint64_t random);

const char* Label(Reason reason);  // as in metrics and last_error

}  // namespace outbox
