// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "http/address.h"
#include "http/endpoint.h"

namespace outbox {

// The address is taken, or not ours.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A port that nobody else has: never with SO_REUSEPORT, by which two relays would share one and neither
// notice. Throws ListenError.
Socket Listen(const Endpoint& endpoint);

int PortOf(const Socket& socket);

}  // namespace outbox
