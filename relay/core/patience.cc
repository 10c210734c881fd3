// SPDX-License-Identifier: Apache-2.0
#include "core/patience.h"

#include <algorithm>

namespace outbox {

Patience::Patience(const BatchOrder& order, Delivery& delivery, Publisher& publisher, SharedState& shared,
                   const Environment& env)
    : order_(order),
      delivery_(delivery),
      publisher_(publisher),
      shared_(shared),
      env_(env),
      opened_(env.now()),
      expected_(order.messages.size(), false) {}

void Patience::AwaitReports() {
  const TimePoint now = env_.now();
  // Once given up, its time is in the past, and the client may take long to say so.
  delivery_.Wait(gave_up_ ? now + milliseconds(10)
                          : std::min({order_.deadline, order_.stop_by(), now + milliseconds(100)}));
  WatchClock();
}

bool Patience::AwaitRoom() {
  delivery_.Wait(env_.now() + milliseconds(10));
  WatchClock();
  // Others may fill the queue, so that there is nothing of our own to give up.
  return !gave_up_ && !TooLate(env_.now());
}

bool Patience::hurried() const {
  const TimePoint now = env_.now();
  return now - begin_ > kAskFor || TooLate(now);
}

bool Patience::alone_closed() const { return !order_.trial && env_.now() - opened_ > kAloneFor; }

bool Patience::over() const { return ended_at_ && env_.now() - *ended_at_ > kReportsAfterEnd; }

void Patience::WatchClock() {
  const TimePoint now = env_.now();
  if (!ended_at_ && delivery_.ended()) ended_at_ = now;
  const std::size_t unreported = delivery_.unreported();
  if (unreported != last_unreported_) last_progress_ = now;
  last_unreported_ = unreported;
  if (gave_up_ || unreported == 0) return;
  if (now >= order_.stop_by()) {
    GiveUp(GiveUpReason::kShutdown, now);
  } else if (now >= order_.deadline) {
    if (BrokersAnswer()) SuspectSilentTopics(now);
    GiveUp(GiveUpReason::kDeadline, now);
    past_deadline_ = true;
  } else if (!ended_at_ && !order_.trial && tried_long(now) &&
             now - last_progress_ > (OthersServed() ? kSilentFor : kAllSilentFor) && BrokersAnswer()) {
    SuspectSilentTopics(now);
    GiveUp(GiveUpReason::kDeadline, now);
    blamed_ = true;
  }
}

void Patience::GiveUp(GiveUpReason reason, TimePoint now) {
  gave_up_ = true;
  ended_at_ = now;
  delivery_.GiveUp(reason);
}

bool Patience::BrokersAnswer() {
  const std::size_t silent = delivery_.unreported();
  // Not Probe: that goes by the main road, where a request that the sick topic holds up holds up the
  // question as well.
  std::size_t first = 0;
  while (first < order_.messages.size() && !Silent(first)) ++first;
  if (first == order_.messages.size()) return false;
  if (publisher_.ProbeTopic(order_.messages[first].topic, kProbeTimeout) == TopicState::kUnreachable) {
    // That is an outage, and no topic's fault.
    last_progress_ = env_.now();
    return false;
  }
  // The brokers may have come back in this very moment, and the reports with their answer.
  delivery_.Wait(env_.now() + kSettleDown);
  return delivery_.unreported() == silent;
}

bool Patience::OthersServed() const {
  if (shared_.AnythingPersistedSince(begin_)) return true;
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (delivery_.report(i).kind == ReportKind::kPersisted) return true;
  }
  return false;
}

bool Patience::Silent(std::size_t index) const {
  return expected_[index] && delivery_.report(index).kind == ReportKind::kNone;
}

void Patience::SuspectSilentTopics(TimePoint now) {
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (!Silent(i)) continue;
    const Message& message = order_.messages[i];
    shared_.PauseTopic(message.topic, TopicPause::kSuspected, "no reports, although brokers answer",
                       message.lane, now);
  }
}

}  // namespace outbox
