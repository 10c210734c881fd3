// SPDX-License-Identifier: Apache-2.0
#include "http/http_get.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "http/address.h"

namespace outbox {
namespace {

constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};  // with each step
constexpr std::size_t kLongest = 1 << 20;

std::string Reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  if (host == "::") return "::1";
  return host;
}

std::string LastError() { return errno == EAGAIN || errno == EINPROGRESS ? "timeout" : std::strerror(errno); }

Socket Connect(const Endpoint& endpoint, std::string& why) {
  const Addresses addresses = Resolve(endpoint, AddressUse::kConnect, why);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    if (::connect(socket.get(), address->ai_addr, address->ai_addrlen) == 0) return socket;
    why = LastError();
  }
  return Socket();
}

// All that the server says until it hangs up, as it does after one answer of HTTP 1.0.
std::optional<std::string> Hear(const Socket& socket, std::string& why) {
  std::string heard;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = ::recv(socket.get(), piece.data(), piece.size(), 0)) > 0 && heard.size() < kLongest) {
    heard.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (got == 0) return heard;
  why = got < 0 ? LastError() : "the answer does not end";
  return std::nullopt;
}

std::optional<HttpAnswer> Read(const std::string& heard, std::string& why) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";  // or 1.0
  const std::size_t head = heard.find("\r\n\r\n");
  HttpAnswer answer;
  if (heard.starts_with("HTTP/1.") && head != std::string::npos) {
    std::from_chars(heard.data() + kVersion.size(), heard.data() + head, answer.status);
    answer.body = heard.substr(head + 4);
    if (answer.status >= 200) return answer;
  }
  why = "this is not HTTP";
  return std::nullopt;
}

}  // namespace

std::optional<HttpAnswer> HttpGet(const Endpoint& endpoint, const std::string& path, std::string& why) {
  const Endpoint at{.host = Reachable(endpoint.host), .port = endpoint.port};
  const Socket socket = Connect(at, why);
  if (!socket) return std::nullopt;
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + at.host + "\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    why = LastError();
    return std::nullopt;
  }
  const auto heard = Hear(socket, why);
  return heard ? Read(*heard, why) : std::nullopt;
}

}  // namespace outbox
