// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "outbox/message.h"

namespace outbox {

// Exponential backoff. Base() is the longest delay before try number `attempt` + 1 (attempt counts
// from 1): initial, twice that, ... at most `max`. Jittered() spreads it evenly over (0, base], "full
// jitter", so that what failed together does not come back together; `random` is any 64 random bits.
struct Backoff {
  milliseconds initial{1'000};
  milliseconds max{600'000};

  milliseconds Base(int attempt) const;
  milliseconds Jittered(int attempt, std::uint64_t random) const;
};

}  // namespace outbox
