// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "core/forwarding_observer.h"
#include "log/log_limiter.h"
#include "outbox/settings.h"

namespace outbox {

// Writes what an operator wants to read in the log, and passes everything on: each change of a state,
// once; each message that failed; claims at debug. Never a payload, never a key. Thread-safe.
class LogObserver : public ForwardingObserver {
 public:
  explicit LogObserver(Observer& next) : ForwardingObserver(next) {}

  void OnClaim(const ClaimReport& claim) override;
  void OnGenerationEnded(std::string_view reason) override;
  void OnBreaker(BreakerState state, std::string_view why) override;
  void OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) override;
  void OnTopicResumed(std::string_view topic, TopicPause why) override;
  void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) override;
  void OnListening(bool up, std::string_view why) override;
  void OnSweep(std::size_t messages_only_it_found) override;
  void OnSampleFailed(std::string_view why) override;
  void OnPurge(std::int64_t messages) override;
  void OnControl(const SharedControl& control) override;

  // A line that may come many times: at most once in ten seconds for the same place.
  void Limited(LogLevel level, std::string_view place, std::string_view text);
  // How many lines were kept back that no later one told of. To be called now and then.
  void WriteKeptBack();

 private:
  void LogRefusals(const ClaimReport& claim);

  LogLimiter limiter_;
  std::mutex mutex_;
  bool store_up_ = false;  // protected by mutex_
  SharedControl control_;  // protected by mutex_
};

const char* Word(TopicPause why);
const char* Word(BreakerState state);

}  // namespace outbox
