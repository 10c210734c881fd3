// SPDX-License-Identifier: Apache-2.0
#include "core/shared_state.h"

namespace outbox {

void SharedState::set_trip_after(int trip_after) {
  const std::scoped_lock lock(mutex_);
  breaker_.set_trip_after(trip_after);
}

BreakerState SharedState::breaker() const {
  const std::scoped_lock lock(mutex_);
  return breaker_.state();
}

bool SharedState::Admit() {
  const std::scoped_lock lock(mutex_);
  return breaker_.Admit();
}

void SharedState::TellBreaker(BreakerState before, TimePoint now) {
  if (breaker_.state() == before) return;
  if (breaker_.state() == BreakerState::kClosed) gates_.OnBrokersBack(now);
  observer_.OnBreaker(breaker_.state(), breaker_.why());
}

void SharedState::OnBatch(bool persisted, bool outage, const std::string& why, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const BreakerState before = breaker_.state();
  breaker_.OnBatch(persisted, outage, why, now);
  TellBreaker(before, now);
}

void SharedState::OnNothingDue(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const BreakerState before = breaker_.state();
  breaker_.OnNothingDue(now);
  TellBreaker(before, now);
}

void SharedState::OnUndecided() {
  const std::scoped_lock lock(mutex_);
  breaker_.OnUndecided();
}

void SharedState::OnAuthenticationFailed(const std::string& why, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const BreakerState before = breaker_.state();
  breaker_.OnAuthenticationFailed(why, now);
  TellBreaker(before, now);
}

void SharedState::OnBrokersDown(TimePoint down_since, const std::string& why, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const BreakerState before = breaker_.state();
  breaker_.OnBrokersDown(down_since, why, now);
  TellBreaker(before, now);
}

bool SharedState::BreakerProbeDue(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  return breaker_.ProbeDue(now);
}

void SharedState::OnBreakerProbe(bool answered, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const BreakerState before = breaker_.state();
  breaker_.OnProbe(answered, now);
  TellBreaker(before, now);
}

std::vector<std::string> SharedState::held_topics() const {
  const std::scoped_lock lock(mutex_);
  return gates_.held();
}

void SharedState::PauseTopic(std::string_view topic, TopicPause why, const std::string& detail, int lane,
                             TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (!gates_.Pause(topic, why, detail, lane, now)) return;
  told_paused_.insert_or_assign(std::string(topic), why);
  observer_.OnTopicPaused(topic, why, detail);
}

std::optional<std::string> SharedState::TakeTopicProbe(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (breaker_.state() != BreakerState::kClosed)
    return std::nullopt;  // the answer would be the brokers', not its own
  return gates_.TakeProbe(now);
}

void SharedState::OnTopicProbe(const std::string& topic, bool usable, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  gates_.OnProbe(topic, usable, now);
}

std::optional<ClaimRequest::Trial> SharedState::TakeTrial(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (breaker_.state() != BreakerState::kClosed)
    return std::nullopt;  // it would tell nothing about the topic
  return gates_.TakeTrial(now);
}

void SharedState::PostponeTrial(const std::string& topic, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  gates_.PostponeTrial(topic, now);
}

void SharedState::OnTrial(const std::string& topic, bool persisted, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (!gates_.OnTrial(topic, persisted, now)) return;
  const auto told = told_paused_.find(topic);
  if (told == told_paused_.end()) return;
  observer_.OnTopicResumed(topic, told->second);
  told_paused_.erase(told);
}

void SharedState::OnGenerationLost(std::string_view topic, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  gates_.OnGenerationLost(topic, now);
}

void SharedState::OnPersisted(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  last_persisted_ = now;
}

bool SharedState::AnythingPersistedSince(TimePoint when) const {
  const std::scoped_lock lock(mutex_);
  return last_persisted_ > when;
}

std::vector<SharedState::Care> SharedState::CareFor(std::span<const Message> messages, TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  const bool remembered = !suspects_.empty() || !persisted_.empty();
  const bool any_alone = gates_.any_alone(now);
  std::vector<Care> care;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    Care one = Care::kNone;
    if (remembered && persisted_.Has(message.id, message.message_id)) {
      one = Care::kSettleOnly;
    } else if (message.retrying || message.oversize > 0 ||
               (remembered && suspects_.Has(message.id, message.message_id)) ||
               (any_alone && gates_.alone(message.topic, now))) {
      one = Care::kAlone;
    }
    if (one == Care::kNone) continue;
    care.resize(messages.size(), Care::kNone);
    care[i] = one;
  }
  return care;
}

void SharedState::AddSuspect(const Message& message) {
  const std::scoped_lock lock(mutex_);
  suspects_.Add(message.id, message.message_id);
}

void SharedState::RememberPersisted(std::span<const Message> messages, std::span<const Outcome> outcomes) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == Outcome::kSent) persisted_.Add(messages[i].id, messages[i].message_id);
  }
}

void SharedState::Settled(std::span<const Message> messages, std::span<const Outcome> outcomes) {
  const std::scoped_lock lock(mutex_);
  if (suspects_.empty() && persisted_.empty()) return;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == Outcome::kWait) continue;
    suspects_.Remove(messages[i].id);
    persisted_.Remove(messages[i].id);
  }
}

}  // namespace outbox
