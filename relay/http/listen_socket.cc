// SPDX-License-Identifier: Apache-2.0
#include "http/listen_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace outbox {
namespace {

Socket ListenAt(const addrinfo& address) {
  Socket socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  // A port is free again as soon as its server is gone.
  if (socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::bind(socket.get(), address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(socket.get(), SOMAXCONN) == 0) {
    return socket;
  }
  return Socket();
}

}  // namespace

Socket Listen(const Endpoint& endpoint) {
  const Endpoint at{.host = endpoint.host.empty() ? "0.0.0.0" : endpoint.host, .port = endpoint.port};
  std::string why;
  const Addresses addresses = Resolve(at, AddressUse::kListen, why);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    if (Socket socket = ListenAt(*address)) return socket;
    why = std::strerror(errno);
  }
  throw ListenError("cannot listen on " + at.host + ":" + std::to_string(at.port) + ": " + why);
}

int PortOf(const Socket& socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return bound.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port)
                                     : ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace outbox
