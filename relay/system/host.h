// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "outbox/message.h"

namespace outbox {

// Files and sockets that this process may have open.
std::int64_t OpenFilesLimit();

// What systemd holds of a unit, such as TimeoutStopUSec, drop-ins included; empty: there is no systemd
// here, or it does not know the unit. The name has letters, digits and -_.@: only.
std::map<std::string, std::string> UnitProperties(const std::string& unit);

// A time as systemd writes it, "1min 30s"; none: "infinity", or no time at all.
std::optional<microseconds> UnitTime(const std::string& text);

}  // namespace outbox
