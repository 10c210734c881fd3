// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/message.h"
#include "outbox/observer.h"
#include "outbox/store.h"

namespace outbox {

// Which topics may be published to, and by which road. A sick topic holds only its own messages:
//
//   usable ──(unknown, unauthorised, or silent while others are served)──> paused
//   paused ──(its pause is over)──> probed by metadata; no leader, unknown: paused again, longer,
//                                   until its pause is the longest; then on trial all the same
//   probed ──(metadata is well)──> on trial: its oldest message goes alone, with a short deadline
//   on trial ──(persisted, or no message is left to try)──> usable
//   on trial ──(anything else)──> paused again, longer
//
// Besides, a topic whose messages ended three generations within a minute is published to alone,
// message by message, for five minutes: its refusals then cost the others nothing.
//
// One for the whole relay. Not thread-safe: the relay guards it. Time is an argument.
class TopicGates {
 public:
  static constexpr milliseconds kFirstPause{1'000};
  static constexpr milliseconds kLongestPause{30'000};
  static constexpr milliseconds kTrialDeadline{3'000};
  static constexpr milliseconds kTrialAgain{200};  // after it was postponed
  static constexpr int kGenerationsLost = 3;
  static constexpr seconds kWithin{60};
  static constexpr milliseconds kSameLoss{100};
  static constexpr seconds kAloneFor{300};

  // Pauses a topic; its trial will take `lane`, where a message of it waits. True if
  // it was not paused before.
  bool Pause(std::string_view topic, TopicPause why, const std::string& detail, int lane, TimePoint now);
  bool paused(std::string_view topic) const { return paused_.find(topic) != paused_.end(); }
  std::size_t paused_count(TopicPause why) const;
  const std::vector<std::string>& held() const { return held_; }

  // The topic whose pause is over and that nobody probes yet; the caller must answer with OnProbe.
  std::optional<std::string> TakeProbe(TimePoint now);
  void OnProbe(const std::string& topic, bool usable, TimePoint now);
  // A trial that is due and that nobody makes yet; the caller must answer with OnTrial, or with
  // PostponeTrial if it could not even get at the message. Then it is due a little later: whoever takes it at
  // once again does nothing else, and somebody may hold the lane for as long as he likes.
  std::optional<ClaimRequest::Trial> TakeTrial(TimePoint now);
  void PostponeTrial(const std::string& topic, TimePoint now);
  // `persisted`, or nothing was there to try: the topic is usable again. True if it was paused.
  bool OnTrial(const std::string& topic, bool persisted, TimePoint now);

  // Probes and trials that met an outage said nothing about the topics: all begin anew, at once.
  void OnBrokersBack(TimePoint now);

  void OnGenerationLost(std::string_view topic, TimePoint now);
  bool alone(std::string_view topic, TimePoint now) const;
  bool any_alone(TimePoint now) const;

 private:
  enum class Step { kWaiting, kProbing, kTrialDue, kTrying };
  struct Paused {
    TopicPause why;
    std::string detail;
    int lane;
    Step step = Step::kWaiting;
    milliseconds pause = kFirstPause;
    TimePoint until{};
  };
  struct Losses {
    std::deque<TimePoint> when;
    TimePoint alone_until{};
  };
  void Again(Paused& topic, TimePoint now);
  void Relist();

  std::map<std::string, Paused, std::less<>> paused_;
  std::map<std::string, Losses, std::less<>> losses_;
  std::vector<std::string> held_;  // the keys of paused_
};

}  // namespace outbox
