// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace outbox {

// What one producer says of itself every few seconds.
struct ProducerFigures {
  struct Broker {
    std::string name;
    bool up = false;
    std::int64_t request_timeouts = 0;  // these two since the producer's previous figures
    std::int64_t disconnects = 0;
  };
  bool main = true;  // or the second producer
  std::int64_t queued_messages = 0;
  std::int64_t epoch_bumps = 0;  // since the producer's previous figures
  std::vector<Broker> brokers;   // those that were ever needed
};

}  // namespace outbox
