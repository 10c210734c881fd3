// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "core/judge.h"
#include "outbox/message.h"
#include "outbox/store.h"

namespace outbox {

// What a Dispatch is asked to do: one batch, and what is to be observed with it.
struct BatchOrder {
  std::span<const Message> messages;
  TimePoint deadline;
  OnFailed on_failed = OnFailed::kSkip;
  RetryPolicy retry;
  bool trial = false;  // everything goes alone
  // Whether a message is failed is only known when its copy has been published, after this.
  bool dead_letters = false;
  // When to give up because the relay shuts down; looked at again and again.
  std::function<TimePoint()> stop_by;
};

}  // namespace outbox
