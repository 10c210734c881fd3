// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outbox {

// The whole of a file that a person wrote. Throws ConfigError, beginning with `origin`, if it cannot
// be read or is larger than 1 MiB: then it is something else, /dev/zero for instance.
std::string ReadSmallFile(const std::string& path, const std::string& origin);

}  // namespace outbox
