// SPDX-License-Identifier: Apache-2.0
#include "core/topic_gates.h"

#include <algorithm>

namespace outbox {

bool TopicGates::Pause(std::string_view topic, TopicPause why, const std::string& detail, int lane,
                       TimePoint now) {
  const auto [place, fresh] = paused_.try_emplace(std::string(topic), Paused{why, detail, lane});
  Paused& paused = place->second;
  if (!fresh) {
    // Reports of messages that were already on their way say nothing new.
    if (paused.step == Step::kWaiting) return false;
    paused.why = why;
    paused.detail = detail;
    Again(paused, now);
    return false;
  }
  paused.until = now + paused.pause;
  Relist();
  return true;
}

std::size_t TopicGates::paused_count(TopicPause why) const {
  return static_cast<std::size_t>(std::count_if(paused_.begin(), paused_.end(),
                                                [why](const auto& item) { return item.second.why == why; }));
}

std::optional<std::string> TopicGates::TakeProbe(TimePoint now) {
  for (auto& [topic, paused] : paused_) {
    if (paused.step == Step::kWaiting && paused.until <= now) {
      paused.step = Step::kProbing;
      return topic;
    }
  }
  return std::nullopt;
}

void TopicGates::OnProbe(const std::string& topic, bool usable, TimePoint now) {
  const auto place = paused_.find(topic);
  if (place == paused_.end() || place->second.step != Step::kProbing) return;
  // Perhaps nothing of the topic is left, and it need not be asked for any more: a trial finds out.
  if (usable || place->second.pause >= kLongestPause) {
    place->second.step = Step::kTrialDue;
    place->second.until = now;
  } else {
    Again(place->second, now);
  }
}

std::optional<ClaimRequest::Trial> TopicGates::TakeTrial(TimePoint now) {
  for (auto& [topic, paused] : paused_) {
    if (paused.step == Step::kTrialDue && paused.until <= now) {
      paused.step = Step::kTrying;
      return ClaimRequest::Trial{topic, paused.lane};
    }
  }
  return std::nullopt;
}

void TopicGates::PostponeTrial(const std::string& topic, TimePoint now) {
  const auto place = paused_.find(topic);
  if (place == paused_.end() || place->second.step != Step::kTrying) return;
  place->second.step = Step::kTrialDue;
  place->second.until = now + kTrialAgain;
}

bool TopicGates::OnTrial(const std::string& topic, bool persisted, TimePoint now) {
  const auto place = paused_.find(topic);
  if (place == paused_.end() || place->second.step != Step::kTrying) return false;
  if (!persisted) {
    Again(place->second, now);
    return false;
  }
  paused_.erase(place);
  Relist();
  return true;
}

void TopicGates::OnBrokersBack(TimePoint now) {
  for (auto& [topic, paused] : paused_) {
    if (paused.step != Step::kWaiting) continue;
    paused.pause = kFirstPause;
    paused.until = now;
  }
}

void TopicGates::OnGenerationLost(std::string_view topic, TimePoint now) {
  if (losses_.size() > 1000) losses_.clear();  // a bound, not a policy
  Losses& losses = losses_[std::string(topic)];
  // Batches of several workers that were lost to one refusal count once.
  if (!losses.when.empty() && now - losses.when.back() < kSameLoss) return;
  losses.when.push_back(now);
  while (now - losses.when.front() > kWithin) losses.when.pop_front();
  if (losses.when.size() >= kGenerationsLost) losses.alone_until = now + kAloneFor;
}

bool TopicGates::alone(std::string_view topic, TimePoint now) const {
  const auto place = losses_.find(topic);
  return place != losses_.end() && place->second.alone_until > now;
}

bool TopicGates::any_alone(TimePoint now) const {
  return std::any_of(losses_.begin(), losses_.end(),
                     [now](const auto& item) { return item.second.alone_until > now; });
}

void TopicGates::Again(Paused& topic, TimePoint now) {
  topic.pause = std::min(topic.pause * 2, kLongestPause);
  topic.until = now + topic.pause;
  topic.step = Step::kWaiting;
}

void TopicGates::Relist() {
  held_.clear();
  for (const auto& item : paused_) held_.push_back(item.first);
}

}  // namespace outbox
