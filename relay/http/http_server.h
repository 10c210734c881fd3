// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "http/endpoint.h"
#include "http/http_routes.h"
#include "http/listen_socket.h"

namespace outbox {

// Serves /metrics, /livez, /readyz, the status page and its JSON from a thread of its own, from
// construction to destruction. Read-only. Knows nothing of the relay but its sources. What clients do is
// bounded: their number, their requests, their time.
class HttpServer {
 public:
  // Throws ListenError. Once constructed, it answers.
  HttpServer(const Endpoint& endpoint, HttpSources sources);
  ~HttpServer();  // waits for clients that are being answered, a second at most

  int port() const;  // the actual one

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace outbox
