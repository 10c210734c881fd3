// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "outbox/message.h"

namespace outbox {

enum class Signal {
  kTerminate,  // SIGTERM, SIGINT
  kHangUp,     // SIGHUP
};

// Signals are waited for like anything else, instead of interrupting a thread anywhere. One object,
// made first in main: it blocks the signals in its thread, and threads started later inherit that.
// So do child processes, which must unblock them. They stay blocked: after this object's end a late
// SIGTERM must not kill a process that is just leaving. SIGPIPE is ignored from then on.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Null: none came within `timeout`. Used by one thread.
  std::optional<Signal> Wait(milliseconds timeout);
};

}  // namespace outbox
