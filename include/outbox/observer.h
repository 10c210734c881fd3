// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "outbox/message.h"
#include "outbox/publisher.h"
#include "outbox/store.h"

namespace outbox {

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen };
enum class TopicPause : std::uint8_t { kUnknownTopic, kAuthorization, kSuspected, kOperator };

// What became of the copies of failed messages that were to go to a dead letter topic.
struct DeadLetterTally {
  int copied = 0;     // persisted
  int postponed = 0;  // not: the message stays retrying
  int given_up = 0;   // not, and the message is failed all the same
};

// One claim from BEGIN to its end, told once. Everything here is a view that lives for the call.
struct ClaimReport {
  std::span<const Message> messages = {};
  std::span<const Report> reports = {};    // as far as they came; empty if nothing was handed over
  std::span<const Outcome> outcomes = {};  // empty if nothing was settled
  std::span<const Refusal> refusals = {};
  microseconds publish_time{0};  // first hand-over to last report, for the batch
  bool full = false;
  bool settled = false;  // committed
  std::string_view rolled_back =
      {};  // "" or the reason label: connection_lost timeout row_count shutdown other
  bool unknown_commit = false;
  microseconds claim_time{0};
  microseconds settle_time{0};
  microseconds transaction_time{0};
  int lanes = 0;
  int lanes_busy = 0;
  bool nothing_due = false;  // in the whole outbox
  DeadLetterTally dead_letters = {};
};

// What one batch holds from its claim until its transaction has ended.
struct BatchLoad {
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
  int lanes = 0;
};

// Hears what the relay does; metrics and the log listen. Called from several threads, never once a
// message: implementations aggregate over the spans. Must not throw and must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnClaim(const ClaimReport& claim) = 0;
  virtual void OnClaimed(const BatchLoad& load) = 0;            // in flight from now
  virtual void OnReleased(const BatchLoad& load) = 0;           // no longer
  virtual void OnGenerationEnded(std::string_view reason) = 0;  // refusal deadline fatal shutdown other
  virtual void OnBreaker(BreakerState state, std::string_view why) = 0;  // each change
  virtual void OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) = 0;
  virtual void OnTopicResumed(std::string_view topic, TopicPause why) = 0;
  virtual void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) = 0;
  virtual void OnStoreReconnected() = 0;
  virtual void OnListening(bool up, std::string_view why) = 0;  // for wake-ups; each change
  virtual void OnSweep(std::size_t messages_only_it_found) = 0;
  virtual void OnSample(const TableSample& sample) = 0;
  virtual void OnSampleFailed(std::string_view why) = 0;
  virtual void OnPurge(std::int64_t messages) = 0;
  virtual void OnControl(const SharedControl& control) = 0;  // each change
};

}  // namespace outbox
