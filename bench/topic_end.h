// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "support/kafka_client.h"

namespace outbox::bench {

// How many messages a topic of six partitions holds, asked without reading them: a consumer would take
// processor time from what is measured. Used by one thread.
class TopicEnd {
 public:
  TopicEnd(const std::string& bootstrap, std::string topic);

  std::int64_t count() const;
  // Returns the longest time, in milliseconds, in which nothing came; throws Fault when it exceeds
  // `patience`.
  double Await(std::int64_t messages, test::milliseconds patience) const;

 private:
  test::KafkaClient client_;
  std::string topic_;
};

}  // namespace outbox::bench
