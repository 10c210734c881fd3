// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/status.h"

namespace outbox {

// Where the answers come from. Called by the server's thread, one after the other; none may block.
struct HttpSources {
  std::function<std::string()> metrics;
  std::function<std::vector<HealthCheck>()> liveness;
  std::function<std::vector<HealthCheck>()> readiness;
  std::function<Status()> status;  // null: no status page
};

struct HttpReply {
  int status = 200;
  const char* type = "text/plain; charset=utf-8";
  std::string body;
};

// What is said to a request for `path`; never throws.
HttpReply Reply(const HttpSources& sources, std::string_view method, std::string_view path) noexcept;

}  // namespace outbox
