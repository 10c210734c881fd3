// SPDX-License-Identifier: Apache-2.0
#include "core/batch_verdict.h"

#include <algorithm>

namespace outbox {

BatchVerdict::BatchVerdict(const BatchOrder& order, Publisher& publisher, SharedState& shared,
                           const Environment& env)
    : order_(order),
      publisher_(publisher),
      shared_(shared),
      env_(env),
      decided_(order.messages.size(), false),
      reports_(order.messages.size()) {
  settlement_.outcomes.assign(order.messages.size(), Outcome::kWait);
}

void BatchVerdict::SettleOnly(std::size_t index) {
  settlement_.outcomes[index] = Outcome::kSent;
  decided_[index] = true;
  anything_settled_ = true;
}

void BatchVerdict::Decide(std::size_t index, Road road, const Report& report) {
  const Message& message = order_.messages[index];
  const Verdict verdict = Judge(report, road, message.attempts, order_.retry,
                                report.kind == ReportKind::kRefused ? env_.random() : 0);
  decided_[index] = true;
  reports_[index] = report;
  settlement_.outcomes[index] = verdict.outcome;
  if (verdict.outcome != Outcome::kWait) anything_settled_ = true;
  if (report.kind == ReportKind::kPersisted) persisted_ = true;
  if (report.kind == ReportKind::kPersisted || report.kind == ReportKind::kNone) return;
  if (why_.empty()) why_ = publisher_.Describe(report);
  if (verdict.suspect) shared_.AddSuspect(message);
  if (verdict.outcome == Outcome::kRetry || verdict.outcome == Outcome::kFailed) {
    settlement_.refusals.push_back({index, verdict.delay, Error(message, report)});
  }
  const bool refused_on_main = report.kind == ReportKind::kRefused && road == Road::kMain;
  if (refused_on_main && (refused_topics_.empty() || refused_topics_.back() != message.topic)) {
    refused_topics_.push_back(message.topic);
  }
  PassOn(message, report);
}

bool BatchVerdict::DecideAlone(std::size_t index, const Report& report) {
  Decide(index, Road::kAlone, report);
  const Outcome outcome = settlement_.outcomes[index];
  const bool passable = order_.on_failed == OnFailed::kSkip && !order_.dead_letters;
  return outcome == Outcome::kSent || (outcome == Outcome::kFailed && passable);
}

void BatchVerdict::PassOn(const Message& message, const Report& report) {
  if (report.kind == ReportKind::kTopicUnknown) {
    shared_.PauseTopic(message.topic, TopicPause::kUnknownTopic, why_, message.lane, env_.now());
  } else if (report.kind == ReportKind::kTopicUnauthorized) {
    shared_.PauseTopic(message.topic, TopicPause::kAuthorization, why_, message.lane, env_.now());
  } else if (report.kind == ReportKind::kOutage) {
    if (report.reason == Reason::kAuthentication)
      shared_.OnAuthenticationFailed(publisher_.Describe(report), env_.now());
    const bool by_others = report.reason == Reason::kPurged || report.reason == Reason::kFatal ||
                           report.reason == Reason::kShutdown;
    if (!by_others) outage_ = true;
    if (report.reason == Reason::kPurged) purged_ = true;
  }
}

void BatchVerdict::Close(bool generation_ended, bool tried_long, TimePoint now) {
  if (generation_ended) {
    for (const std::string_view topic : refused_topics_) shared_.OnGenerationLost(topic, now);
  }
  std::sort(settlement_.refusals.begin(), settlement_.refusals.end(),
            [](const Refusal& a, const Refusal& b) { return a.index < b.index; });
  if (persisted_) shared_.OnPersisted(now);
  if (!persisted_ && generation_ended && tried_long) outage_ = true;
}

std::string BatchVerdict::Error(const Message& message, const Report& report) const {
  if (message.oversize > 0) return "too_large: the payload is larger than message.max.bytes";
  return std::string(Label(report.reason)) + ": " + publisher_.Describe(report);
}

}  // namespace outbox
