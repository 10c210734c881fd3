// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outbox {

// Where a server listens.
struct Endpoint {
  std::string host;  // without the brackets of an IPv6 address; empty: every address
  int port = 0;      // 0: any free one
};

// Reads "127.0.0.1:7432", "[::1]:7432" or ":7432". Throws std::invalid_argument.
Endpoint ParseEndpoint(std::string_view text);

}  // namespace outbox
