// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netdb.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "http/endpoint.h"

namespace outbox {

// A socket of ours, closed at its end; -1: none.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

struct FreeAddresses {
  void operator()(addrinfo* first) const { ::freeaddrinfo(first); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Where an endpoint is, to listen there or to connect to. Null: nowhere, `why` says it.
enum class AddressUse { kListen, kConnect };
Addresses Resolve(const Endpoint& endpoint, AddressUse use, std::string& why);

}  // namespace outbox
