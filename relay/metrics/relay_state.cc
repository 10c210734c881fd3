// SPDX-License-Identifier: Apache-2.0
#include "metrics/relay_state.h"

#include <algorithm>

#include "metrics/wall_clock.h"

namespace outbox {

RelayState::RelayState(TimePoint now)
    : breaker_since_(now), paused_since_(now), store_why_("not connected yet"), store_since_(now) {}

bool RelayState::SetBreaker(BreakerState state, std::string_view why, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const bool tripped = breaker_ == BreakerState::kClosed && state == BreakerState::kOpen;
  if (breaker_ != state) breaker_since_ = now;
  breaker_ = state;
  breaker_why_ = why;
  return tripped;
}

void RelayState::PauseTopic(std::string_view topic, TopicPause why, std::string_view detail, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto pause = pauses_.try_emplace({std::string(topic), why}, Pause{.detail = {}, .since = now}).first;
  pause->second.detail = detail;
}

void RelayState::ResumeTopic(std::string_view topic, TopicPause why) {
  const std::lock_guard lock(mutex_);
  pauses_.erase({std::string(topic), why});
}

void RelayState::SetControl(const SharedControl& control, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (paused_ != control.paused) paused_since_ = now;
  paused_ = control.paused;
  paused_reason_ = control.paused_reason;
  std::erase_if(pauses_, [&](const auto& entry) {
    const auto& [topic, why] = entry.first;
    return why == TopicPause::kOperator && std::ranges::count(control.paused_topics, topic) == 0;
  });
  for (const std::string& topic : control.paused_topics) {
    pauses_.try_emplace({topic, TopicPause::kOperator}, Pause{.detail = {}, .since = now});
  }
}

void RelayState::SetStore(bool up, StoreUnavailable::Reason reason, std::string_view detail, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (store_up_ != up) store_since_ = now;
  store_up_ = up;
  store_why_ = up ? std::string_view() : detail;
  if (!up) store_reason_ = reason;
}

StoreUnavailable::Reason RelayState::store_reason() const {
  const std::lock_guard lock(mutex_);
  return store_reason_;
}

void RelayState::SetReady(bool ready) {
  const std::lock_guard lock(mutex_);
  ready_ = ready;
}

void RelayState::SetConfigReloaded(bool ok) {
  const std::lock_guard lock(mutex_);
  config_reloaded_ = ok;
}

bool RelayState::SetSilent(const std::string& until) {
  const std::lock_guard lock(mutex_);
  const bool changed = until.empty() != silent_until_.empty();
  silent_until_ = until;
  return changed;
}

void RelayState::AddInFlight(const BatchLoad& load) {
  const std::lock_guard lock(mutex_);
  in_flight_.messages += load.messages;
  in_flight_.bytes += load.bytes;
  in_flight_.lanes += load.lanes;
}

void RelayState::Claimed(bool sent) {
  const std::lock_guard lock(mutex_);
  last_claim_ = WallClockSeconds();
  if (sent) last_sent_ = last_claim_;
}

void RelayState::Purged() {
  const std::lock_guard lock(mutex_);
  last_purge_ = WallClockSeconds();
}

double RelayState::CountPauses(TopicPause why) const {
  return static_cast<double>(
      std::ranges::count_if(pauses_, [why](const auto& entry) { return entry.first.second == why; }));
}

void RelayState::Write(FamilyList& list) const {
  const std::lock_guard lock(mutex_);
  WriteConditions(list);
  WriteMoments(list);
}

void RelayState::WriteConditions(FamilyList& list) const {
  list.Gauge("ready", "1 while the relay can deliver, as /readyz answers.", ready_);
  list.Gauge("config_last_reload_successful", "0 if the last reload of the configuration was refused.",
             config_reloaded_);
  list.Gauge("postgres_up", "1 while PostgreSQL can be used.", store_up_);
  list.Gauge("paused", "1 while an operator has paused everything.", paused_);
  list.Gauge("cadence_active", "1 while messages may be claimed, 0 while silence is intended.",
             silent_until_.empty());
  list.GaugeBy("topics_paused", "Topics whose messages wait, by why.", "reason",
               {{"unknown_topic", CountPauses(TopicPause::kUnknownTopic)},
                {"authorization", CountPauses(TopicPause::kAuthorization)},
                {"operator", CountPauses(TopicPause::kOperator)}});
  list.Gauge("topics_suspected", "Topics paused because they did not answer while others did.",
             CountPauses(TopicPause::kSuspected));
  list.GaugeBy("breaker_state", "1 for the state that the breaker is in.", "state",
               {{"closed", breaker_ == BreakerState::kClosed},
                {"open", breaker_ == BreakerState::kOpen},
                {"half_open", breaker_ == BreakerState::kHalfOpen}});
  list.Gauge("inflight_messages", "Messages claimed and not settled yet.",
             static_cast<double>(in_flight_.messages));
  list.Gauge("inflight_bytes", "Bytes of the messages claimed and not settled yet.",
             static_cast<double>(in_flight_.bytes));
  list.Gauge("lanes_held", "Lanes of the messages claimed and not settled yet.",
             static_cast<double>(in_flight_.lanes));
}

void RelayState::WriteMoments(FamilyList& list) const {
  if (last_claim_) {
    list.Gauge("last_claim_timestamp_seconds", "When a claim last found messages.", *last_claim_);
  }
  if (last_sent_) {
    list.Gauge("last_sent_timestamp_seconds", "When messages were last committed as sent.", *last_sent_);
  }
  if (last_purge_) {
    list.Gauge("last_purge_timestamp_seconds", "When retention last ran.", *last_purge_);
  }
}

void RelayState::Fill(RelaySnapshot& snapshot) const {
  const std::lock_guard lock(mutex_);
  snapshot.inflight_messages = in_flight_.messages;
  snapshot.inflight_bytes = in_flight_.bytes;
  snapshot.breaker = breaker_;
  snapshot.breaker_why = breaker_why_;
  snapshot.breaker_since = breaker_since_;
  snapshot.paused = paused_;
  snapshot.paused_reason = paused_reason_;
  snapshot.paused_since = paused_since_;
  snapshot.silent_until = silent_until_;
  snapshot.store_up = store_up_;
  snapshot.store_why = store_why_;
  snapshot.store_since = store_since_;
  for (const auto& [what, pause] : pauses_) {
    snapshot.paused_topics.push_back(
        {.topic = what.first, .why = what.second, .detail = pause.detail, .since = pause.since});
  }
}

}  // namespace outbox
