// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "outbox/observer.h"

namespace outbox {

// The values of the label `reason` of the metrics below, in the order of the arrays.
inline constexpr std::array<const char*, 4> kRefusalReasons{"too_large", "invalid", "policy", "other"};
inline constexpr std::array<const char*, 9> kReturnReasons{
    "timeout",  "transport", "not_enough_replicas", "authentication", "topic", "purged", "fatal",
    "shutdown", "other"};
inline constexpr std::array<const char*, 3> kDuplicateReasons{"unknown_report", "lost_transaction",
                                                              "unknown_commit"};

// Upper bounds in seconds; the last bucket, +Inf, is not named.
std::span<const double> StepBuckets();     // of claim, settle and transaction
std::span<const double> PublishBuckets();  // first hand-over to last report
std::span<const double> LatencyBuckets();  // created to report

// What a histogram is to be given at once.
class HistogramTally {
 public:
  explicit HistogramTally(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void Add(microseconds duration);

  const std::vector<double>& counts() const { return counts_; }  // not cumulative
  double sum() const { return sum_; }
  bool empty() const { return empty_; }

 private:
  std::span<const double> bounds_;
  std::vector<double> counts_;
  double sum_ = 0;
  bool empty_ = true;
};

struct TopicTally {
  std::string_view topic;
  double published = 0;
  double delivered = 0;
  double sent = 0;
  double sent_bytes = 0;
  double retries = 0;
  std::array<double, kRefusalReasons.size()> attempts{};
  std::array<double, kRefusalReasons.size()> failed{};
};

// One claim, added up without a lock and without a lookup for each message, so that the metrics cost
// the delivery next to nothing. Its views point into the claim.
struct ClaimTally {
  std::vector<TopicTally> topics;
  std::array<double, kReturnReasons.size()> returned{};
  std::array<double, kDuplicateReasons.size()> duplicates{};
  HistogramTally latency{LatencyBuckets()};
  double sent = 0;
};

ClaimTally Tally(const ClaimReport& claim);

}  // namespace outbox
