// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "core/environment.h"
#include "outbox/message.h"
#include "outbox/publisher.h"

namespace outbox::test {

// Time that passes a millisecond whenever somebody looks. It stands far behind the real clock, so
// whatever waits until a moment of it returns at once, and hours are over in no time.
class StepClock {
 public:
  TimePoint Now() {
    now_ += milliseconds(1);
    if (then_ && now_ >= when_) std::exchange(then_, nullptr)();
    return now_;
  }
  TimePoint now() const { return now_; }
  void Skip(milliseconds time) { now_ += time; }
  // Something that happens when so much time has passed.
  void After(milliseconds time, std::function<void()> then) {
    when_ = now_ + time;
    then_ = std::move(then);
  }
  Environment environment() {
    return {[this] { return Now(); }, [this] { return random_ += 0x9e3779b97f4a7c15U; }};
  }

 private:
  TimePoint now_{seconds(1)};  // after the machine's start
  TimePoint when_{};
  std::function<void()> then_;
  std::uint64_t random_ = 0;
};

inline Message MakeMessage(std::int64_t id, std::string_view topic, std::optional<std::string_view> key) {
  Message message;
  message.id = id;
  message.message_id = "6f0e0b5e-0000-4000-8000-000000000001";
  message.topic = topic;
  message.key = key;
  message.payload = "payload";
  return message;
}

inline constexpr Report kPersistedReport{.kind = ReportKind::kPersisted};
inline constexpr Report kRefusal{.kind = ReportKind::kRefused, .reason = Reason::kPolicy};
inline constexpr Report kTooLarge{.kind = ReportKind::kRefused, .reason = Reason::kTooLarge};
inline constexpr Report kOutage{.kind = ReportKind::kOutage, .reason = Reason::kTransport};

}  // namespace outbox::test
