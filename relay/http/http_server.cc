// SPDX-License-Identifier: Apache-2.0
#include "http/http_server.h"

#include <microhttpd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "http/client_list.h"
#include "http/status_page.h"

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::seconds kFarewell{1};
constexpr std::size_t kClientMemory = 16 << 10;  // for a client's request line and headers
// Those that were told to go are there for a moment more.
constexpr unsigned kMostConnections = ClientList::kMost + 64;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};
struct DestroyResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, DestroyResponse>;

Response ToResponse(const HttpReply& reply) {
  // The library does not write to what it copies, yet its parameter is not const.
  Response response(MHD_create_response_from_buffer(reply.body.size(), const_cast<char*>(reply.body.data()),
                                                    MHD_RESPMEM_MUST_COPY));
  if (!response) return response;
  const auto add = [&](const char* name, const char* value) {
    MHD_add_response_header(response.get(), name, value);
  };
  add("Content-Type", reply.type);
  add("Cache-Control", "no-store");
  add("Content-Security-Policy", kStatusPagePolicy);
  add("Referrer-Policy", "no-referrer");
  add("X-Content-Type-Options", "nosniff");
  if (reply.status == MHD_HTTP_METHOD_NOT_ALLOWED) add("Allow", "GET, HEAD");
  add("Connection", "close");  // one that is kept open would count against the others
  return response;
}

}  // namespace

// One thread does everything; only `stop_` is touched by another one.
class HttpServer::Server {
 public:
  Server(const Endpoint& endpoint, HttpSources sources)
      : sources_(std::move(sources)), listening_(Listen(endpoint)) {
    daemon_.reset(MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, nullptr, nullptr,
                                   Answer, this, MHD_OPTION_LISTEN_SOCKET, listening_.get(),
                                   MHD_OPTION_CONNECTION_LIMIT, kMostConnections,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, kClientMemory,
                                   MHD_OPTION_NOTIFY_CONNECTION, OnConnection, this, MHD_OPTION_END));
    if (!daemon_) throw std::runtime_error("the HTTP server cannot start");
    thread_ = std::thread([this] { Serve(); });
  }

  ~Server() {
    stop_ = true;
    thread_.join();
  }

  int port() const { return PortOf(listening_); }

 private:
  static MHD_Result Answer(void* self, MHD_Connection* connection, const char* path, const char* method,
                           const char* /*version*/, const char* /*body*/, std::size_t* /*size*/,
                           void** /*memory*/) noexcept {
    const HttpReply reply = Reply(static_cast<const Server*>(self)->sources_, method, path);
    // Queued before a body is read, so that none ever is.
    const Response response = ToResponse(reply);
    return response ? MHD_queue_response(connection, static_cast<unsigned>(reply.status), response.get())
                    : MHD_NO;
  }

  static void OnConnection(void* self, MHD_Connection* connection, void** /*memory*/,
                           MHD_ConnectionNotificationCode what) noexcept {
    ClientList& clients = static_cast<Server*>(self)->clients_;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) return clients.Remove(connection);
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    clients.Add(connection, info->connect_fd, Clock::now());
  }

  void Serve() {
    while (!stop_) Turn();
    MHD_quiesce_daemon(daemon_.get());  // the socket is ours again
    const auto until = Clock::now() + kFarewell;
    while (!clients_.empty() && Clock::now() < until) Turn();
    daemon_.reset();
  }

  void Turn() {
    if (MHD_run_wait(daemon_.get(), kTick.count()) != MHD_YES) std::this_thread::sleep_for(kTick);
    clients_.EndOverstayed(Clock::now());
  }

  const HttpSources sources_;
  const Socket listening_;
  ClientList clients_;  // before the daemon, which tells it of each end
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

HttpServer::HttpServer(const Endpoint& endpoint, HttpSources sources)
    : server_(std::make_unique<Server>(endpoint, std::move(sources))) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return server_->port(); }

}  // namespace outbox
