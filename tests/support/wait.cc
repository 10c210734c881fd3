// SPDX-License-Identifier: Apache-2.0
#include "support/wait.h"

#include <thread>

namespace outbox::test {

bool WaitFor(const std::function<bool()>& condition, milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace outbox::test
