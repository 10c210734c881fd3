// SPDX-License-Identifier: Apache-2.0
#include "core/dispatch.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {

Dispatch::Dispatch(Order order, Delivery& delivery, Publisher& publisher, SharedState& shared,
                   const Environment& env)
    : order_(std::move(order)),
      delivery_(delivery),
      publisher_(publisher),
      shared_(shared),
      env_(env),
      patience_(order_, delivery, publisher, shared, env),
      main_road_(order_.messages, delivery, patience_),
      verdict_(order_, publisher, shared, env),
      units_(order_.messages, delivery, patience_, main_road_, verdict_) {}

void Dispatch::Run() {
  const TimePoint begin = env_.now();
  patience_.Begin(begin);
  auto care = shared_.CareFor(order_.messages, begin);
  if (order_.trial) care.assign(order_.messages.size(), Care::kAlone);
  HandOver(care);
  patience_.Begin(env_.now());
  for (;;) {
    units_.Advance();
    if (delivery_.unreported() == 0 && !units_.AnyWaiting()) break;
    patience_.AwaitReports();
    if (patience_.over()) break;
  }
  Decide();
}

void Dispatch::HandOver(const std::vector<Care>& care) {
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    const SeenTopic& topic = TopicOf(order_.messages[i]);
    if (!topic.usable) continue;
    const Care needs = care.empty() ? Care::kNone : care[i];
    if (needs == Care::kSettleOnly) {
      verdict_.SettleOnly(i);
      continue;
    }
    // Usually no message of a batch is.
    const bool looked_after = !care.empty() || !topic.established;
    if (looked_after && units_.Hold(i, needs == Care::kAlone, topic.established)) continue;
    if (!main_road_.Publish(i)) return;
    if (Mutant("mark_before_report")) verdict_.SettleOnly(i);
  }
}

const Dispatch::SeenTopic& Dispatch::TopicOf(const Message& message) {
  if (last_topic_ < topics_.size() && topics_[last_topic_].name == message.topic) return topics_[last_topic_];
  const auto known = std::find_if(topics_.begin(), topics_.end(),
                                  [&](const auto& topic) { return topic.name == message.topic; });
  last_topic_ = static_cast<std::size_t>(known - topics_.begin());
  if (known == topics_.end()) topics_.push_back(Check(message));
  return topics_[last_topic_];
}

Dispatch::SeenTopic Dispatch::Check(const Message& message) {
  SeenTopic topic{.name = message.topic};
  if (patience_.hurried()) {  // what nobody could be asked about waits for another claim
    topic.usable = false;
    return topic;
  }
  switch (publisher_.CheckTopic(message.topic, kTopicTimeout)) {
    case TopicState::kUsable:
    case TopicState::kNoLeader:     // the client waits for one
    case TopicState::kUnreachable:  // nor would any other topic do better
      break;
    case TopicState::kUnknown:
      topic.usable = false;
      shared_.PauseTopic(message.topic, TopicPause::kUnknownTopic, "the topic does not exist", message.lane,
                         env_.now());
      break;
    case TopicState::kUnauthorized:
      topic.usable = false;
      shared_.PauseTopic(message.topic, TopicPause::kAuthorization, "not allowed to write to the topic",
                         message.lane, env_.now());
      break;
  }
  topic.established = delivery_.Established(message.topic) || Mutant("overtake_first");
  return topic;
}

void Dispatch::Decide() {
  const TimePoint now = env_.now();
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (!verdict_.decided(i)) verdict_.Decide(i, units_.road(i), delivery_.report(i));
  }
  verdict_.Close(delivery_.ended(), patience_.tried_long(now) && !patience_.blamed(), now);
}

}  // namespace outbox
