// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/observer.h"

namespace outbox {

// Passes everything on to another observer; a base for those that listen to a part.
class ForwardingObserver : public Observer {
 public:
  explicit ForwardingObserver(Observer& next) : next_(next) {}
  void OnClaim(const ClaimReport& claim) override { next_.OnClaim(claim); }
  void OnClaimed(const BatchLoad& load) override { next_.OnClaimed(load); }
  void OnReleased(const BatchLoad& load) override { next_.OnReleased(load); }
  void OnGenerationEnded(std::string_view reason) override { next_.OnGenerationEnded(reason); }
  void OnBreaker(BreakerState state, std::string_view why) override { next_.OnBreaker(state, why); }
  void OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) override {
    next_.OnTopicPaused(topic, why, detail);
  }
  void OnTopicResumed(std::string_view topic, TopicPause why) override { next_.OnTopicResumed(topic, why); }
  void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) override {
    next_.OnStore(up, reason, detail);
  }
  void OnListening(bool up, std::string_view why) override { next_.OnListening(up, why); }
  void OnStoreReconnected() override { next_.OnStoreReconnected(); }
  void OnSweep(std::size_t messages) override { next_.OnSweep(messages); }
  void OnSample(const TableSample& sample) override { next_.OnSample(sample); }
  void OnSampleFailed(std::string_view why) override { next_.OnSampleFailed(why); }
  void OnPurge(std::int64_t messages) override { next_.OnPurge(messages); }
  void OnControl(const SharedControl& control) override { next_.OnControl(control); }

 private:
  Observer& next_;
};

}  // namespace outbox
