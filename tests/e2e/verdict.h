// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/topic_reader.h"

namespace outbox::test {

// What a reader of the topics sees of a load whose payloads begin with a sequence number per topic and
// key. `expected`: how many were committed of each "topic/key".
struct Verdict {
  std::int64_t seen = 0;          // different messages
  std::int64_t lost = 0;          // committed, never seen
  std::int64_t phantoms = 0;      // seen, never committed
  std::int64_t out_of_order = 0;  // first occurrences that came after a later one of their key
  std::int64_t duplicates = 0;
  std::vector<std::string> examples;  // of what is wrong, a few
};

Verdict Judge(const std::vector<Record>& records, const std::map<std::string, std::int64_t>& expected);

// Milliseconds from insert to append, of first occurrences; needs the load's payload. Sorted.
std::vector<double> Latencies(const std::vector<Record>& records);
double Percentile(const std::vector<double>& sorted, double percent);

}  // namespace outbox::test
