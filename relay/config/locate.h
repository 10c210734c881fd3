// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace outbox {

// The file that the request means; empty if it names none and the folder holds none. Throws
// ConfigError if a named one does not exist or the choice is not clear.
std::string LocateConfig(const ConfigRequest& request);

// NAME.d/*.toml beside NAME.toml, sorted.
std::vector<std::string> DropIns(const std::string& file);

// *.toml of a folder, sorted; none if there is no such folder. Throws ConfigError if it cannot be read.
std::vector<std::string> TomlFiles(const std::string& folder);

}  // namespace outbox
