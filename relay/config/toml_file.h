// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/secret.h"
#include "config/value.h"

namespace outbox {

// The assignments of a TOML file, in the order of its lines. Every table is an entry too, before what
// it holds. Origins are "<shown>:<line>". Throws ConfigError if the file is not valid TOML.
std::vector<Entry> ReadTomlFile(const std::string& path, const std::string& shown,
                                const SecretPlaces& places);

}  // namespace outbox
