// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "outbox/observer.h"

namespace outbox::test {

// Remembers what it hears, as copies. Thread-safe.
class RecordingObserver final : public Observer {
 public:
  struct Story {
    std::vector<std::size_t> batches;      // their sizes, empty ones left out
    int claims = 0;                        // that were told, empty ones too
    std::vector<std::string> rolled_back;  // the labels
    std::vector<BreakerState> breaker;     // changes
    std::vector<std::string> paused;       // topics
    std::vector<std::string> resumed;      // topics
    std::vector<std::size_t> swept;        // messages that only a sweep found
    std::vector<StoreUnavailable::Reason> store_lost;
    std::vector<SharedControl> control;
    std::int64_t in_flight = 0;
    int unknown_commits = 0;
  };
  Story story() const {
    const std::scoped_lock lock(mutex_);
    return story_;
  }

  void OnClaim(const ClaimReport& claim) override {
    const std::scoped_lock lock(mutex_);
    ++story_.claims;
    if (!claim.messages.empty()) story_.batches.push_back(claim.messages.size());
    if (!claim.rolled_back.empty()) story_.rolled_back.emplace_back(claim.rolled_back);
    if (claim.unknown_commit) ++story_.unknown_commits;
  }
  void OnClaimed(const BatchLoad& load) override {
    const std::scoped_lock lock(mutex_);
    story_.in_flight += load.messages;
  }
  void OnReleased(const BatchLoad& load) override {
    const std::scoped_lock lock(mutex_);
    story_.in_flight -= load.messages;
  }
  void OnGenerationEnded(std::string_view) override {}
  void OnListening(bool, std::string_view) override {}
  void OnBreaker(BreakerState state, std::string_view) override {
    const std::scoped_lock lock(mutex_);
    story_.breaker.push_back(state);
  }
  void OnTopicPaused(std::string_view topic, TopicPause, std::string_view) override {
    const std::scoped_lock lock(mutex_);
    story_.paused.emplace_back(topic);
  }
  void OnTopicResumed(std::string_view topic, TopicPause) override {
    const std::scoped_lock lock(mutex_);
    story_.resumed.emplace_back(topic);
  }
  void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view) override {
    const std::scoped_lock lock(mutex_);
    if (!up) story_.store_lost.push_back(reason);
  }
  void OnStoreReconnected() override {}
  void OnSweep(std::size_t messages) override {
    const std::scoped_lock lock(mutex_);
    story_.swept.push_back(messages);
  }
  void OnSample(const TableSample&) override {}
  void OnSampleFailed(std::string_view) override {}
  void OnPurge(std::int64_t) override {}
  void OnControl(const SharedControl& control) override {
    const std::scoped_lock lock(mutex_);
    story_.control.push_back(control);
  }

 private:
  mutable std::mutex mutex_;
  Story story_;  // protected by mutex_
};

}  // namespace outbox::test
