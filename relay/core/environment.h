// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "outbox/message.h"

namespace outbox {

// Time and randomness, which the core is given and never takes. All callable from any thread.
struct Environment {
  std::function<TimePoint()> now;
  std::function<std::uint64_t()> random;      // 64 random bits
  std::function<seconds()> time_of_day = {};  // since midnight, local; only asked for by Cadence
};

}  // namespace outbox
