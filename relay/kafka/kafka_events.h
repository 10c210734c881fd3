// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/publisher.h"
#include "outbox/settings.h"

namespace outbox {

struct KafkaBrokerStatistics {
  std::string name;
  bool up = false;
  bool needed = false;  // librdkafka connects to a broker only when it has something for it
  // Since the previous statistics of the same client, so that they can be added up over generations.
  std::int64_t request_timeouts = 0;
  std::int64_t disconnects = 0;
};

// What one client tells about itself every few seconds.
struct KafkaStatistics {
  Road road = Road::kMain;
  std::int64_t queue_messages = 0;  // in the client's queues and in flight
  std::int64_t epoch_bumps = 0;     // since the previous ones; each may hide a duplicate
  std::vector<KafkaBrokerStatistics> brokers;
};

// What KafkaPublisher tells the rest of the program. Each may be empty. Called from several threads,
// one call at a time, never once a message; must not block, throw, or call the publisher. Nothing is
// called any more when the publisher's destructor has returned.
struct KafkaEvents {
  // `reason` is a label: refusal deadline fatal shutdown other.
  std::function<void(std::string_view reason, std::string_view detail)> generation_ended;
  std::function<void(std::string_view detail)> fatal_error;
  std::function<void(const KafkaStatistics&)> statistics;
  std::function<void(LogLevel, std::string_view)> log;  // unlimited: the receiver limits the rate
};

}  // namespace outbox
