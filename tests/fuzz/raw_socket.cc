// SPDX-License-Identifier: Apache-2.0
#include "fuzz/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace outbox::test {

RawSocket::RawSocket(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(socket_);
    throw std::system_error(error, std::generic_category(), "connect");
  }
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // Thousands of connections a second would use up the ports if each waited a minute after its end.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

RawSocket::~RawSocket() { ::close(socket_); }

bool RawSocket::Say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::SayNoMore() { ::shutdown(socket_, SHUT_WR); }

bool RawSocket::Hears(std::chrono::milliseconds patience) {
  pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&readable, 1, static_cast<int>(patience.count())) != 0;  // an interruption is no silence
}

bool RawSocket::HearAll(std::string& heard) {
  char buffer[4096];
  ssize_t got = 0;
  // The fuzzer's own timer interrupts.
  while ((got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) heard.append(buffer, static_cast<std::size_t>(got));
  }
  return got == 0 || errno != EAGAIN;  // a reset has several names
}

}  // namespace outbox::test
