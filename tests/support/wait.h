// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace outbox::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Asks again every few milliseconds until `condition` holds. False: `timeout` passed first.
bool WaitFor(const std::function<bool()>& condition, milliseconds timeout = seconds(10));

}  // namespace outbox::test
