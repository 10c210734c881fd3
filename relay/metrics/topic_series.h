// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <array>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "metrics/claim_tally.h"
#include "metrics/moving_rate.h"
#include "metrics/snapshot.h"

namespace outbox {

// The counters of each topic. The first 100 topics have series of their own, later ones share
// `_other`: whoever may insert rows must not be able to fill Prometheus. Thread-safe.
class TopicSeries {
 public:
  TopicSeries(prometheus::Registry& registry, const prometheus::Labels& labels);

  void Add(std::span<const TopicTally> tallies, TimePoint now);
  std::vector<TopicFigures> Figures(TimePoint now) const;  // the busiest first

 private:
  using Family = prometheus::Family<prometheus::Counter>;
  using Counters = std::array<prometheus::Counter*, kRefusalReasons.size()>;
  struct Topic {
    prometheus::Counter* published;
    prometheus::Counter* delivered;
    prometheus::Counter* sent;
    prometheus::Counter* sent_bytes;
    prometheus::Counter* retries;
    Counters attempts;
    Counters failed;
    MovingRate rate;  // of sent
  };

  Topic& Find(std::string_view topic);  // mutex_ is held
  Topic Make(const std::string& topic);

  Family& published_;
  Family& delivered_;
  Family& sent_;
  Family& sent_bytes_;
  Family& retries_;
  Family& attempts_;
  Family& failed_;

  mutable std::mutex mutex_;
  std::map<std::string, Topic, std::less<>> topics_;  // protected by mutex_
};

}  // namespace outbox
