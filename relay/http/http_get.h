// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "http/endpoint.h"

namespace outbox {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Asks a server, for a few seconds at most; an address that stands for every address is asked on
// loopback. None: nobody answered, `why` says it.
std::optional<HttpAnswer> HttpGet(const Endpoint& endpoint, const std::string& path, std::string& why);

}  // namespace outbox
