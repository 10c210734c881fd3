// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace outbox {

// Seconds since the Unix epoch, which is how Prometheus writes a moment.
inline double WallClockSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace outbox
