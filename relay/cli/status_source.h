// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/relay.h"
#include "http/status.h"
#include "metrics/snapshot.h"

namespace outbox {

// Whose status it is.
struct StatusOwner {
  std::string outbox;
  std::string command;  // how its operator begins a command: "outbox-relay -n orders"
  OnFailed on_failed = OnFailed::kSkip;
  TimePoint started;
};
std::string CommandOf(const ConfigRequest& request);

// What the status page and systemd's status line say, from what the relay knows about itself.
Status MakeStatus(const StatusOwner& owner, const RelaySnapshot& relay,
                  const std::vector<Relay::Check>& readiness);
std::string MakeStatusLine(const RelaySnapshot& relay, TimePoint now);

}  // namespace outbox
