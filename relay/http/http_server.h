// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/endpoint.h"
#include "http/status.h"

namespace outbox {

// Where the answers come from. Called from several threads at once; none may block for long.
struct HttpSources {
  std::function<std::string()> metrics;
  std::function<std::vector<HealthCheck>()> liveness;
  std::function<std::vector<HealthCheck>()> readiness;
  std::function<Status()> status;  // null: no status page
};

// The address is taken, or not ours.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Serves /metrics, /livez, /readyz, the status page and its JSON from a few threads of its own, from
// construction to destruction. Read-only. Knows nothing of the relay but its sources.
class HttpServer {
 public:
  // Throws ListenError. Once constructed, it answers.
  HttpServer(const Endpoint& endpoint, HttpSources sources);
  ~HttpServer();  // waits for the requests being answered, a few seconds at most

  int port() const;  // the actual one

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace outbox
