// SPDX-License-Identifier: Apache-2.0
#include "http/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "http/status_json.h"
#include "http/status_page.h"

namespace outbox {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::chrono::seconds kPatience{3};  // with a client that says or takes nothing
constexpr std::size_t kMostBody = 1024;       // nobody needs to send us one

constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";  // Prometheus 3 insists

void AnswerHealth(const std::vector<HealthCheck>& checks, httplib::Response& response) {
  std::string body;
  response.status = 200;
  for (const HealthCheck& check : checks) {
    body +=
        check.check + (check.ok ? ": ok" : ": not ok") + (check.detail.empty() ? "" : ", ") + check.detail;
    body += '\n';
    if (!check.ok) response.status = 503;
  }
  response.set_content(body.empty() ? "ok\n" : body, kPlain);
}

void AnswerError(int status, const char* text, httplib::Response& response) {
  response.status = status;
  response.set_content(text, kPlain);
}

void Route(const HttpSources& sources, const std::string& path, httplib::Response& response) {
  response.status = 200;
  if (path == "/metrics") {
    response.set_content(sources.metrics(), kMetrics);
  } else if (path == "/livez" || path == "/-/healthy") {
    AnswerHealth(sources.liveness(), response);
  } else if (path == "/readyz" || path == "/-/ready") {
    AnswerHealth(sources.readiness(), response);
  } else if (path == "/" && sources.status) {
    response.set_content(StatusPage(sources.status()), "text/html; charset=utf-8");
  } else if (path == "/api/status" && sources.status) {
    response.set_content(StatusJson(sources.status()), "application/json");
  } else {
    AnswerError(404, "not found\n", response);
  }
}

void Answer(const HttpSources& sources, const httplib::Request& request, httplib::Response& response) {
  if (request.method != "GET" && request.method != "HEAD") {
    response.set_header("Allow", "GET, HEAD");
    AnswerError(405, "only GET and HEAD\n", response);
    return;
  }
  try {
    Route(sources, request.path, response);
  } catch (const std::exception&) {
    AnswerError(500, "the relay could not answer this\n", response);
  }
}

// The library's own default is SO_REUSEPORT, with which two relays share a port and neither notices.
void SetSocketOptions(int socket) {
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

void Configure(httplib::Server& server) {
  server.set_socket_options(SetSocketOptions);
  server.set_tcp_nodelay(true);
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_payload_max_length(kMostBody);
  // A connection kept open would hold one of the few threads. The timeout also counts for the first
  // request of a connection.
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kPatience.count());
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // the library deletes it
  server.set_default_headers({{"Accept-Ranges", "none"},
                              {"Cache-Control", "no-store"},
                              {"Content-Security-Policy", kStatusPagePolicy},
                              {"Referrer-Policy", "no-referrer"},
                              {"X-Content-Type-Options", "nosniff"}});
}

}  // namespace

class HttpServer::Server {
 public:
  Server(const Endpoint& endpoint, HttpSources sources) : sources_(std::move(sources)) {
    Configure(server_);
    // Before routing, because it comes before a body is read; and no path of ours needs a pattern.
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      // Ranges of a page that changes all the time mean nothing, and the library would send a page once
      // for each of the many ranges that fit into a header. The request is not const, only its view is.
      const_cast<httplib::Request&>(request).ranges.clear();
      Answer(sources_, request, response);
      return httplib::Server::HandlerResponse::Handled;
    });
    Bind(endpoint);
    Start();
  }

  ~Server() {
    server_.stop();
    thread_.join();
  }

  int port() const { return port_; }

 private:
  void Bind(const Endpoint& endpoint) {
    const std::string host = endpoint.host.empty() ? "0.0.0.0" : endpoint.host;
    errno = 0;
    if (endpoint.port == 0) {
      port_ = server_.bind_to_any_port(host);
    } else if (server_.bind_to_port(host, endpoint.port)) {
      port_ = endpoint.port;
    }
    if (port_ > 0) return;
    const std::string why = errno != 0 ? std::strerror(errno) : "no such address";
    throw ListenError("cannot listen on " + host + ":" + std::to_string(endpoint.port) + ": " + why);
  }

  // Returns when the library would notice a stop(): it ignores one that comes too early.
  void Start() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  HttpSources sources_;
  httplib::Server server_;
  int port_ = -1;
  std::thread thread_;
};

HttpServer::HttpServer(const Endpoint& endpoint, HttpSources sources)
    : server_(std::make_unique<Server>(endpoint, std::move(sources))) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return server_->port(); }

}  // namespace outbox
