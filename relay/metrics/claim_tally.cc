// SPDX-License-Identifier: Apache-2.0
#include "metrics/claim_tally.h"

#include <algorithm>
#include <unordered_map>

namespace outbox {
namespace {

constexpr std::array kStepBuckets{.0005, .001, .0025, .005, .01, .025, .05, .1,
                                  .25,   .5,   1.,    2.5,  5.,  10.,  30., 60.};
constexpr std::array kPublishBuckets{.001, .0025, .005, .01, .025, .05, .1, .25,
                                     .5,   1.,    2.5,  5.,  10.,  30., 60.};
constexpr std::array kLatencyBuckets{.005, .01, .025, .05, .1,  .25,  .5,   1.,
                                     2.5,  5.,  10.,  30., 60., 300., 900., 3600.};

std::size_t RefusalIndex(Reason reason) {
  switch (reason) {
    case Reason::kTooLarge:
      return 0;
    case Reason::kMalformed:
    case Reason::kInvalid:
      return 1;
    case Reason::kPolicy:
      return 2;
    case Reason::kNone:
    case Reason::kTimeout:
    case Reason::kTransport:
    case Reason::kNotEnoughReplicas:
    case Reason::kAuthentication:
    case Reason::kTopic:
    case Reason::kPurged:
    case Reason::kFatal:
    case Reason::kShutdown:
    case Reason::kOther:
      return 3;
  }
  return 3;
}

std::size_t ReturnIndex(const Report& report) {
  if (report.kind != ReportKind::kOutage) return 4;  // a topic that is unknown, or not for us
  switch (report.reason) {
    case Reason::kTimeout:
      return 0;
    case Reason::kTransport:
      return 1;
    case Reason::kNotEnoughReplicas:
      return 2;
    case Reason::kAuthentication:
      return 3;
    case Reason::kTopic:
      return 4;
    case Reason::kPurged:
      return 5;
    case Reason::kFatal:
      return 6;
    case Reason::kShutdown:
      return 7;
    case Reason::kNone:
    case Reason::kTooLarge:
    case Reason::kMalformed:
    case Reason::kInvalid:
    case Reason::kPolicy:
    case Reason::kOther:
      return 8;
  }
  return 8;
}

// Finds the tally of a topic. Messages of one topic tend to stand together, so the last one is
// remembered.
class TopicFinder {
 public:
  explicit TopicFinder(std::vector<TopicTally>& topics) : topics_(topics) {}

  TopicTally& operator()(std::string_view topic) {
    if (topics_.empty() || topics_[last_].topic != topic) {
      const auto [found, added] = index_.try_emplace(topic, topics_.size());
      if (added) topics_.push_back({.topic = topic});
      last_ = found->second;
    }
    return topics_[last_];
  }

 private:
  std::vector<TopicTally>& topics_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::size_t last_ = 0;
};

void AddReport(const ClaimReport& claim, const Report& report, TopicTally& topic, ClaimTally& tally) {
  if (report.kind == ReportKind::kNone) return;
  ++topic.published;
  switch (report.kind) {
    case ReportKind::kNone:
    case ReportKind::kRefused:
      break;
    case ReportKind::kPersisted:
      ++topic.delivered;
      if (claim.unknown_commit) {
        ++tally.duplicates[2];
      } else if (!claim.settled) {
        ++tally.duplicates[1];
      }
      break;
    case ReportKind::kOutage:
      if (report.maybe_persisted) ++tally.duplicates[0];
      [[fallthrough]];
    case ReportKind::kTopicUnknown:
    case ReportKind::kTopicUnauthorized:
      ++tally.returned[ReturnIndex(report)];
      break;
  }
}

void AddOutcome(Outcome outcome, const Message& message, Reason reason, TopicTally& topic,
                ClaimTally& tally) {
  // Too large even to be fetched: it was refused here, nobody reported it.
  const std::size_t refusal = message.oversize > 0 ? 0 : RefusalIndex(reason);
  switch (outcome) {
    case Outcome::kWait:
      break;
    case Outcome::kSent:
      ++topic.sent;
      ++tally.sent;
      topic.sent_bytes += static_cast<double>(message.bytes());
      break;
    case Outcome::kRetry:
      ++topic.retries;
      ++topic.attempts[refusal];
      break;
    case Outcome::kFailed:
      ++topic.failed[refusal];
      ++topic.attempts[refusal];
      break;
  }
}

}  // namespace

std::span<const double> StepBuckets() { return kStepBuckets; }
std::span<const double> PublishBuckets() { return kPublishBuckets; }
std::span<const double> LatencyBuckets() { return kLatencyBuckets; }

void HistogramTally::Add(microseconds duration) {
  const double value = std::chrono::duration<double>(duration).count();
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  sum_ += value;
  empty_ = false;
}

ClaimTally Tally(const ClaimReport& claim) {
  ClaimTally tally;
  TopicFinder find(tally.topics);
  for (std::size_t i = 0; i < claim.messages.size(); ++i) {
    const Message& message = claim.messages[i];
    const Report report = i < claim.reports.size() ? claim.reports[i] : Report{};
    TopicTally& topic = find(message.topic);
    AddReport(claim, report, topic, tally);
    if (claim.settled && i < claim.outcomes.size()) {
      AddOutcome(claim.outcomes[i], message, report.reason, topic, tally);
    }
    // When each report came is not recorded; the last of the batch stands for all, so the latency is
    // rather over- than understated.
    if (report.kind == ReportKind::kPersisted) tally.latency.Add(message.age + claim.publish_time);
  }
  return tally;
}

}  // namespace outbox
