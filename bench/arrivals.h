// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "support/kafka_client.h"

namespace outbox::bench {

std::int64_t NowMicros();  // a clock that nobody sets; the payloads carry it

// What a consumer of one topic gets, and the gate that every figure passes: the messages of a key are
// numbered from 1, and each must come after its predecessor. A repeat is counted, a gap is a fault: a
// message was lost or overtaken. Payload: "<sequence> <when it was to be inserted> <filling>".
// Used by one thread at a time.
class Arrivals {
 public:
  struct Arrival {
    std::int64_t due = 0;  // both by NowMicros
    std::int64_t came = 0;
  };

  Arrivals(const std::string& bootstrap, const std::string& topic);  // reads from the beginning

  // Takes what comes, for up to `most`; returns at once when something came. Throws Fault for a gap.
  void Poll(test::milliseconds most);
  void ReadUntil(std::int64_t messages, test::milliseconds timeout);  // throws Fault
  // Reads all that is there; throws Fault if it is not `messages` different ones.
  void ReadAll(std::int64_t messages);

  const std::vector<Arrival>& all() const { return all_; }  // first ones only
  std::int64_t repeats() const { return repeats_; }

 private:
  void Take(const rd_kafka_message_t& message, std::int64_t now);

  test::KafkaClient client_;
  std::string bootstrap_;
  std::string topic_;
  std::unordered_map<std::string, std::int64_t> last_;  // by key
  std::vector<Arrival> all_;
  std::int64_t repeats_ = 0;
};

// Milliseconds between the two moments, of what was due at `from` or later; sorted.
std::vector<double> Delays(const std::vector<Arrivals::Arrival>& arrivals, std::int64_t from = 0);
double Quantile(const std::vector<double>& sorted, double quantile);

}  // namespace outbox::bench
