// SPDX-License-Identifier: Apache-2.0
#include "support/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

namespace outbox::test {
namespace {

// Below Linux's range for outgoing connections: one of those could take the port of a stopped server.
constexpr int kFirst = 20'000;
constexpr int kLast = 32'000;

// An abstract socket name is a lock between processes that leaves no file and ends with its owner.
// The descriptor stays open on purpose.
bool Reserve(int port) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "outbox-relay-test-port-" + std::to_string(port);
  std::memcpy(name.sun_path + 1, text.data(), text.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const int lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (lock >= 0 && bind(lock, reinterpret_cast<const sockaddr*>(&name), size) == 0) return true;
  if (lock >= 0) close(lock);
  return false;
}

bool Bindable(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool free = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return free;
}

}  // namespace

int FreePort() {
  std::random_device random;
  std::uniform_int_distribution<int> any(kFirst, kLast);
  for (int tries = 0; tries < 1'000; ++tries) {
    const int port = any(random);
    if (Bindable(port) && Reserve(port)) return port;
  }
  throw std::runtime_error("no free TCP port");
}

}  // namespace outbox::test
