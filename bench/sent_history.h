// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace outbox::bench {

class RelayContender;

// Puts rows into a relay's outbox that were sent a minute ago, and lets the table settle down.
void AddSentHistory(const RelayContender& contender, std::int64_t rows);

}  // namespace outbox::bench
