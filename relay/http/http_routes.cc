// SPDX-License-Identifier: Apache-2.0
#include "http/http_routes.h"

#include <exception>

#include "http/status_json.h"
#include "http/status_page.h"

namespace outbox {
namespace {

constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";  // Prometheus 3 insists

HttpReply OfHealth(const std::vector<HealthCheck>& checks) {
  HttpReply reply;
  for (const HealthCheck& check : checks) {
    reply.body +=
        check.check + (check.ok ? ": ok" : ": not ok") + (check.detail.empty() ? "" : ", ") + check.detail;
    reply.body += '\n';
    if (!check.ok) reply.status = 503;
  }
  if (reply.body.empty()) reply.body = "ok\n";
  return reply;
}

HttpReply OfPath(const HttpSources& sources, std::string_view path) {
  if (path == "/metrics") return {.type = kMetrics, .body = sources.metrics()};
  if (path == "/livez" || path == "/-/healthy") return OfHealth(sources.liveness());
  if (path == "/readyz" || path == "/-/ready") return OfHealth(sources.readiness());
  if (path == "/" && sources.status)
    return {.type = "text/html; charset=utf-8", .body = StatusPage(sources.status())};
  if (path == "/api/status" && sources.status)
    return {.type = "application/json", .body = StatusJson(sources.status())};
  return {.status = 404, .body = "not found\n"};
}

}  // namespace

HttpReply Reply(const HttpSources& sources, std::string_view method, std::string_view path) noexcept {
  if (method != "GET" && method != "HEAD") return {.status = 405, .body = "only GET and HEAD\n"};
  try {
    return OfPath(sources, path);
  } catch (const std::exception&) {
    return {.status = 500, .body = "the relay could not answer this\n"};
  }
}

}  // namespace outbox
