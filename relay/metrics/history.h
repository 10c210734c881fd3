// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "metrics/snapshot.h"

namespace outbox {

// The last half hour of samples, for a person to see where things come from. Not thread-safe.
class History {
 public:
  static constexpr std::size_t kMost = 180;  // one every ten seconds

  // `sent`: by this relay since its start.
  void Add(TimePoint now, const TableSample& sample, double sent);
  std::vector<HistoryPoint> Points() const;  // the oldest first

 private:
  std::array<HistoryPoint, kMost> points_;
  std::size_t added_ = 0;  // the newest stands before place added_ % kMost
  double sent_ = 0;        // at the newest
};

}  // namespace outbox
