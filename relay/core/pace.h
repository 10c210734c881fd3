// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/message.h"
#include "outbox/settings.h"

namespace outbox {

// So much a second, up to a second's worth at once. May be overdrawn, and then pays back first.
class Credit {
 public:
  explicit Credit(std::int64_t rate = 0) : rate_(static_cast<double>(rate)) {}

  bool limited() const { return rate_ > 0; }
  bool any() const { return !limited() || left_ >= 1; }
  std::int64_t left(std::int64_t most) const;
  // `share` of the rate is granted, of the time since the last call.
  void Fill(TimePoint now, double share);
  void Spend(std::int64_t many) { left_ -= static_cast<double>(many); }
  void Forfeit();  // what was saved up

 private:
  double rate_;
  double left_ = 1;
  std::optional<TimePoint> filled_;
};

// How much may be claimed when, within the limits of all messages and of single topics. Nothing is
// claimed that may not go at once, so nobody holds rows or lanes while he waits.
//
// A topic with a limit is *apart*: other claims leave it out, and it has claims of its own, so its
// backlog lies in nobody's way. So does, while there is a limit for all, a topic that fills whole
// batches, until it has caught up. Who may claim takes turns: the topics that are apart, and the others
// together.
//
// After an outage the limits grow from a tenth to the whole within the ramp.
//
// One for the whole relay. Thread-safe; without any limit it costs a load of an atomic. Time is an
// argument.
class Pace {
 public:
  static constexpr std::int64_t kUnlimited = INT64_MAX;
  static constexpr milliseconds kRest{50};         // after a claim that used up what it was granted
  static constexpr milliseconds kLook{100};        // at a topic apart of which nothing is due
  static constexpr milliseconds kRejoin{5'000};    // a topic that has caught up so long is apart no more
  static constexpr std::size_t kMostCrowding = 8;  // topics that are apart without a limit

  // Where topics are not `separable` none is ever apart: the store is read in its own order.
  explicit Pace(PaceSettings settings, bool separable = true) : separable_(separable) {
    Set(std::move(settings));
  }
  void Set(PaceSettings settings);
  bool on() const { return on_.load(std::memory_order_relaxed); }

  // Leave to make one claim.
  struct Grant {
    std::string topic = {};  // nothing but this; empty: all that is not apart
    std::int64_t messages = kUnlimited;
    std::int64_t bytes = kUnlimited;
    bool limited = false;
    // Of the limits of all, as they were then: a reload may change them while the claim is out.
    std::int64_t messages_aside = 0;
    std::int64_t bytes_aside = 0;
  };
  // None: nothing may be claimed now. Every grant is answered by one Spent.
  std::optional<Grant> Take(TimePoint now, const std::vector<std::string>& held_topics);
  // What a claim brought; a claim that failed brought nothing.
  struct Claimed {
    std::span<const Message> messages = {};
    bool full = false;
    bool nothing_due = false;
  };
  void Spent(const Grant& grant, const Claimed& claimed, TimePoint now);

  std::vector<std::string> apart() const;
  // The last claims of all said that nothing is due.
  bool nothing_due() const;
  void OnRecovered(TimePoint now);  // an outage is over

 private:
  struct Party {
    Credit messages;
    Credit bytes;
    bool crowding = false;  // apart without a limit of its own
    bool out = false;       // a claim of it is
    bool nothing_due = false;
    TimePoint not_before{};
    std::optional<TimePoint> last_full = {};  // claim, or the first one
    std::int64_t turn = 0;                    // when it last had one
  };

  // All under mutex_.
  void Fill(TimePoint now);
  void SetApart(std::string_view crowd);
  Party* Next(TimePoint now, const std::vector<std::string>& held_topics, std::string& topic);
  void Rejoin(TimePoint now);

  const bool separable_;
  std::atomic<bool> on_{false};
  mutable std::mutex mutex_;
  // All protected by mutex_.
  PaceSettings settings_;
  Credit messages_;
  Credit bytes_;
  TimePoint not_before_{};
  Party others_;
  std::map<std::string, Party, std::less<>> apart_;
  std::optional<TimePoint> recovered_;
  std::int64_t turn_ = 0;
};

}  // namespace outbox
