// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "outbox/message.h"

namespace outbox {

// How long things took, to within 5 %, in constant memory. Not thread-safe.
class LatencyHistogram {
 public:
  void Add(microseconds latency);
  LatencyHistogram& operator+=(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // `share` of all took at most this; none: there were none.
  std::optional<microseconds> Percentile(double share) const;

 private:
  static constexpr int kPerOctave = 16;
  static constexpr int kOctaves = 36;  // up to 19 hours
  std::array<std::uint64_t, kPerOctave * kOctaves> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace outbox
