// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <utility>

#include "kafka/kafka_events.h"

namespace outbox {

// The one way outward. A generation that hangs in its client's destruction outlives the publisher;
// after Mute it can no longer reach what the events refer to. Thread-safe.
class EventSink {
 public:
  explicit EventSink(KafkaEvents events) : events_(std::move(events)) {}

  void GenerationEnded(std::string_view reason, std::string_view detail) {
    Call(events_.generation_ended, reason, detail);
  }
  void FatalError(std::string_view detail) { Call(events_.fatal_error, detail); }
  void Statistics(const KafkaStatistics& statistics) { Call(events_.statistics, statistics); }
  void Log(LogLevel level, std::string_view text) { Call(events_.log, level, text); }

  void Mute() {
    const std::lock_guard lock(mutex_);
    events_ = {};
  }

 private:
  template <typename Event, typename... Args>
  void Call(Event& event, const Args&... args) {
    const std::lock_guard lock(mutex_);
    if (event) event(args...);
  }

  std::mutex mutex_;
  KafkaEvents events_;  // protected by mutex_, which is held during a call
};

}  // namespace outbox
