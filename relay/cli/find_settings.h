// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "config/config.h"

namespace outbox {

// Whether -n, -c or --set chooses a configuration, rather than what happens to lie here.
bool NamesConfig(const CommandLine& line);

ConfigRequest RequestOf(const CommandLine& line);

inline constexpr const char* kConninfoHelp =
    "Connection string or URI, instead of the configured one; what else is configured counts with -n or -c "
    "only";

// What a command without a relay works with. Who gives a `conninfo` means that server, and may have no
// configuration: only one that is named counts then, for all but the server. Else the one that is found;
// none: libpq's environment.
std::optional<Settings> FindSettings(const CommandLine& line, const std::string& conninfo);

}  // namespace outbox
