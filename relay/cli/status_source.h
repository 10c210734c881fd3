// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/relay.h"
#include "http/status.h"
#include "metrics/snapshot.h"

namespace outbox {

// What the status page and systemd's status line say, from what the relay knows about itself.
Status MakeStatus(const std::string& outbox, TimePoint started, const RelaySnapshot& relay,
                  const std::vector<Relay::Check>& readiness);
std::string MakeStatusLine(const RelaySnapshot& relay, TimePoint now);

}  // namespace outbox
