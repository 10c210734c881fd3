// SPDX-License-Identifier: Apache-2.0
#include "demo/latency.h"

#include <algorithm>
#include <cmath>

namespace outbox {

void LatencyHistogram::Add(microseconds latency) {
  const auto micros = static_cast<double>(std::max<std::int64_t>(1, latency.count()));
  const auto bucket = static_cast<std::size_t>(std::log2(micros) * kPerOctave);
  ++buckets_[std::min(bucket, buckets_.size() - 1)];
  ++count_;
}

LatencyHistogram& LatencyHistogram::operator+=(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  return *this;
}

std::optional<microseconds> LatencyHistogram::Percentile(double share) const {
  if (count_ == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  for (; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) break;
  }
  return microseconds(std::llround(std::exp2((static_cast<double>(bucket) + 1) / kPerOctave)));
}

}  // namespace outbox
