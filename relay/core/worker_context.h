// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/cadence.h"
#include "core/environment.h"
#include "core/live_settings.h"
#include "core/pace.h"
#include "core/poll_turn.h"
#include "core/shared_state.h"
#include "outbox/observer.h"
#include "outbox/publisher.h"
#include "outbox/settings.h"
#include "outbox/store.h"

namespace outbox {

// How long a statement may take before a worker counts as stuck.
inline constexpr milliseconds kStatementLimit{60'000};

inline microseconds Since(TimePoint begin, TimePoint end) {
  return std::chrono::duration_cast<microseconds>(end - begin);
}

// What the workers of a relay share. Everything outlives the workers.
struct WorkerContext {
  OutboxStore& store;
  Publisher& publisher;
  Observer& observer;
  SharedState& shared;
  PollTurn& turn;
  Cadence& cadence;
  Pace& pace;
  const LiveSettings& live;
  const Environment& env;
  Drain& drain;
  milliseconds deadline;  // from the claim
  int workers;            // that share the lanes
};

}  // namespace outbox
