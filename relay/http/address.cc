// SPDX-License-Identifier: Apache-2.0
#include "http/address.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace outbox {

Addresses Resolve(const Endpoint& endpoint, AddressUse use, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (use == AddressUse::kListen ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) why = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
  return Addresses(error == 0 ? found : nullptr);
}

}  // namespace outbox
