// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/breaker.h"
#include "core/id_memory.h"
#include "core/topic_gates.h"
#include "outbox/observer.h"

namespace outbox {

// What the workers of one relay know together: the breaker, the topics' gates, and two memories of
// messages by id. Thread-safe: one mutex, taken a few times a claim, never once a message. Changes
// are told to the observer here, so that nobody forgets to.
class SharedState {
 public:
  SharedState(Observer& observer, int trip_after) : observer_(observer), breaker_(trip_after) {}
  void set_trip_after(int trip_after);

  // The breaker.
  BreakerState breaker() const;
  bool Admit();
  void OnBatch(bool persisted, bool outage, const std::string& why, TimePoint now);
  void OnNothingDue(TimePoint now);
  void OnUndecided();
  void OnAuthenticationFailed(const std::string& why, TimePoint now);
  void OnBrokersDown(TimePoint down_since, const std::string& why, TimePoint now);
  bool BreakerProbeDue(TimePoint now) const;
  void OnBreakerProbe(bool answered, TimePoint now);

  // The topics.
  std::vector<std::string> held_topics() const;
  void PauseTopic(std::string_view topic, TopicPause why, const std::string& detail, int lane, TimePoint now);
  std::optional<std::string> TakeTopicProbe(TimePoint now);
  void OnTopicProbe(const std::string& topic, bool usable, TimePoint now);
  std::optional<ClaimRequest::Trial> TakeTrial(TimePoint now);
  void PostponeTrial(const std::string& topic, TimePoint now);
  void OnTrial(const std::string& topic, bool persisted, TimePoint now);
  void OnGenerationLost(std::string_view topic, TimePoint now);
  void OnPersisted(TimePoint now);  // some message was, by whichever worker
  bool AnythingPersistedSince(TimePoint when) const;

  // Which of the messages need more than being handed over: empty if none does.
  enum class Care : std::uint8_t { kNone, kAlone, kSettleOnly };
  std::vector<Care> CareFor(std::span<const Message> messages, TimePoint now) const;
  // Suspects: refused in company, to be tried alone. Until settled.
  void AddSuspect(const Message& message);
  // Persisted, but the settlement may not have been committed: to be settled only.
  void RememberPersisted(std::span<const Message> messages, std::span<const Outcome> outcomes);
  void Settled(std::span<const Message> messages, std::span<const Outcome> outcomes);

 private:
  void TellBreaker(BreakerState before, TimePoint now);

  Observer& observer_;
  mutable std::mutex mutex_;
  // All protected by mutex_.
  Breaker breaker_;
  TopicGates gates_;
  std::map<std::string, TopicPause, std::less<>> told_paused_;
  IdMemory suspects_;
  IdMemory persisted_;
  TimePoint last_persisted_{};
};

}  // namespace outbox
