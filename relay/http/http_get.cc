// SPDX-License-Identifier: Apache-2.0
#include "http/http_get.h"

#include <httplib.h>

#include <chrono>

namespace outbox {
namespace {

std::string Reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  if (host == "::") return "::1";
  return host;
}

}  // namespace

std::optional<HttpAnswer> HttpGet(const Endpoint& endpoint, const std::string& path, std::string& why) {
  constexpr std::chrono::seconds kPatience{5};
  httplib::Client client(Reachable(endpoint.host), endpoint.port);
  client.set_connection_timeout(kPatience);
  client.set_read_timeout(kPatience);
  client.set_write_timeout(kPatience);
  const httplib::Result result = client.Get(path);
  if (result) return HttpAnswer{.status = result->status, .body = result->body};
  why = httplib::to_string(result.error());
  return std::nullopt;
}

}  // namespace outbox
