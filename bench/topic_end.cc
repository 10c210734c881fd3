// SPDX-License-Identifier: Apache-2.0
#include "bench/topic_end.h"

#include <algorithm>
#include <thread>

#include "bench/workload.h"

namespace outbox::bench {

TopicEnd::TopicEnd(const std::string& bootstrap, std::string topic)
    : client_(test::MakeKafkaClient(RD_KAFKA_CONSUMER, bootstrap, {{"group.id", "bench"}})),
      topic_(std::move(topic)) {}

std::int64_t TopicEnd::count() const {
  std::int64_t sum = 0;
  for (int partition = 0; partition < 6; ++partition) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto error =
        rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), partition, &low, &high, 5'000);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) sum += high;
  }
  return sum;
}

double TopicEnd::Await(std::int64_t messages, test::milliseconds patience) const {
  using Clock = std::chrono::steady_clock;
  auto last_came = Clock::now();
  std::chrono::duration<double, std::milli> longest{0};
  std::int64_t seen = 0;
  while (seen < messages) {
    std::this_thread::sleep_for(test::milliseconds(10));
    const std::int64_t now_there = count();
    const auto now = Clock::now();
    longest = std::max<decltype(longest)>(longest, now - last_came);
    if (now - last_came > patience) {
      throw Fault(std::to_string(seen) + " of " + std::to_string(messages) +
                  " messages arrived, and no more");
    }
    if (now_there > seen) last_came = now;
    seen = now_there;
  }
  return longest.count();
}

}  // namespace outbox::bench
