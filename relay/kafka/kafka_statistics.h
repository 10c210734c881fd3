// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/kafka_events.h"

namespace outbox {

// Reads librdkafka's statistics, whose counters run for one client's life, and turns the counters
// into increases. One per client; used by its poll thread.
class StatisticsReader {
 public:
  explicit StatisticsReader(Road road) : road_(road) {}

  // None: not the JSON that is expected.
  std::optional<KafkaStatistics> Read(std::string_view json);

 private:
  struct Counters {
    std::int64_t request_timeouts = 0;
    std::int64_t disconnects = 0;
  };

  const Road road_;
  std::map<std::string, Counters> brokers_;
  std::int64_t epochs_ = 0;
};

}  // namespace outbox
