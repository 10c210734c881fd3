// SPDX-License-Identifier: Apache-2.0
#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "support/free_port.h"

namespace outbox::test {
namespace {

constexpr milliseconds kLook{20};  // how soon a change of mode is noticed
constexpr milliseconds kDelay{300};
constexpr double kThrottled = 65'536;  // bytes a second

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Connect(int port) {
  const sockaddr_in address = Loopback(port);
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return server;
  close(server);
  return -1;
}

bool Readable(int descriptor) {
  pollfd wanted{descriptor, POLLIN, 0};
  return poll(&wanted, 1, static_cast<int>(kLook.count())) > 0;
}

bool SendAll(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

// Its sockets are shut down by anybody and closed by the destructor, so that no thread ever uses a
// descriptor that belongs to somebody else by now.
struct FaultProxy::Link {
  Link(int of_client, int of_server) : client(of_client), server(of_server) {
    const int on = 1;
    for (const int each : {client, server}) setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Link() {
    Shut();
    for (auto& pump : pumps) pump.join();
    close(client);
    close(server);
  }
  void Shut() {
    ended = true;
    shutdown(client, SHUT_RDWR);
    shutdown(server, SHUT_RDWR);
  }
  const int client;
  const int server;
  std::atomic<bool> ended{false};
  std::array<std::thread, 2> pumps;
};

FaultProxy::FaultProxy(int target)
    : port_(FreePort()), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), target_(target) {
  const sockaddr_in address = Loopback(port_);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 128) != 0) {
    throw std::system_error(errno, std::generic_category(), "proxy");
  }
  acceptor_ = std::thread([this] { Accept(); });
}

FaultProxy::~FaultProxy() {
  stop_ = true;
  acceptor_.join();
  links_.clear();
  close(listener_);
}

void FaultProxy::Accept() {
  while (!stop_) {
    {
      const std::scoped_lock lock(mutex_);
      links_.remove_if([](const auto& link) { return link->ended.load(); });
    }
    if (!Readable(listener_)) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++connections_;
    const int server = mode_ == Mode::kRefuse ? -1 : Connect(target_);
    if (server < 0) {
      close(client);
      continue;
    }
    auto link = std::make_unique<Link>(client, server);
    Link& pumped = *link;
    link->pumps[0] = std::thread([this, &pumped] { Pump(pumped, pumped.client, pumped.server, false); });
    link->pumps[1] = std::thread([this, &pumped] { Pump(pumped, pumped.server, pumped.client, true); });
    const std::scoped_lock lock(mutex_);
    links_.push_back(std::move(link));
  }
}

void FaultProxy::Pump(Link& link, int from, int to, bool answers) {
  std::array<char, 16'384> piece;
  while (!link.ended && !stop_) {
    const Mode mode = mode_;
    if (mode == Mode::kBlackHole || (answers && mode == Mode::kNoAnswers)) {
      std::this_thread::sleep_for(kLook);
      continue;
    }
    if (!Readable(from)) continue;
    const ssize_t size = recv(from, piece.data(), piece.size(), 0);
    if (size <= 0 || !Forwarded(link, piece.data(), static_cast<std::size_t>(size), to)) break;
  }
  link.Shut();
}

bool FaultProxy::Forwarded(Link& link, const char* data, std::size_t size, int to) {
  switch (mode_) {
    case Mode::kDelay:
      std::this_thread::sleep_for(kDelay);
      break;
    case Mode::kThrottle:
      std::this_thread::sleep_for(std::chrono::duration<double>(static_cast<double>(size) / kThrottled));
      break;
    case Mode::kCutInTheFrame:
      SendAll(to, data, size / 2);
      return false;
    case Mode::kPass:
    case Mode::kBlackHole:
    case Mode::kNoAnswers:
    case Mode::kRefuse:
      break;
  }
  return !link.ended && SendAll(to, data, size);
}

void FaultProxy::Cut() { End(false); }
void FaultProxy::Reset() { End(true); }

void FaultProxy::End(bool reset) {
  const std::scoped_lock lock(mutex_);
  for (auto& link : links_) {
    link->ended = true;
    if (!reset) {
      link->Shut();
      continue;
    }
    // Connecting to "no family" aborts a connection: the peer sees RST, and no descriptor is closed
    // under a thread that uses it.
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    for (const int each : {link->client, link->server}) connect(each, &none, sizeof none);
  }
}

}  // namespace outbox::test
