// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace outbox {

// Log mode is not complete, and no operator can have it in this version; tests lift the guard.
inline bool LogModeUnlocked() { return std::getenv("OUTBOX_RELAY_UNFINISHED_LOG_MODE") != nullptr; }

}  // namespace outbox
