// SPDX-License-Identifier: Apache-2.0
#include "metrics/history.h"

#include <algorithm>

namespace outbox {

void History::Add(TimePoint now, const TableSample& sample, double sent) {
  HistoryPoint point{.at = now, .pending = sample.pending, .lag = sample.lag};
  if (added_ > 0) {
    const std::chrono::duration<double> since = now - points_[(added_ - 1) % kMost].at;
    if (since.count() > 0) point.sent_per_second = (sent - sent_) / since.count();
  }
  points_[added_ % kMost] = point;
  ++added_;
  sent_ = sent;
}

std::vector<HistoryPoint> History::Points() const {
  std::vector<HistoryPoint> points;
  for (std::size_t i = added_ - std::min(added_, kMost); i < added_; ++i)
    points.push_back(points_[i % kMost]);
  return points;
}

}  // namespace outbox
