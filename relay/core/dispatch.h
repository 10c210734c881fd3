// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/environment.h"
#include "core/judge.h"
#include "core/shared_state.h"
#include "outbox/publisher.h"
#include "outbox/store.h"

namespace outbox {

// Takes one batch to the broker and decides what becomes of each message. This is where order per
// unit is kept on the way out:
//
//   Messages go by the main road in id order; it guarantees that nothing passes one that failed. A
//   message that must go alone, and every later one of its unit, is handed over only when every
//   earlier one of the unit is reported persisted, or judged failed where that does not block. Any
//   other report ends the unit for this batch: the rest of it stays unsettled.
//
// Used once, by one thread.
class Dispatch {
 public:
  static constexpr std::size_t kMostAlone = 16;        // unreported on the second producer
  static constexpr milliseconds kAloneFor{1'000};      // hand-over to it stops so long after the claim
  static constexpr milliseconds kSuspectAfter{5'000};  // on its way so long,
  static constexpr milliseconds kSilentFor{3'000};  // and no report at all so long, while others are served
  static constexpr milliseconds kReportsAfterEnd{2'000};  // patience once the generation has ended
  static constexpr milliseconds kTopicTimeout{1'000};
  static constexpr milliseconds kSettleDown{200};

  struct Order {
    std::span<const Message> messages;
    TimePoint claimed_at;
    TimePoint deadline;
    OnFailed on_failed = OnFailed::kSkip;
    RetryPolicy retry;
    bool trial = false;  // everything goes alone
    // When to give up because the relay shuts down; looked at again and again.
    std::function<TimePoint()> stop_by;
  };

  Dispatch(Order order, Delivery& delivery, Publisher& publisher, SharedState& shared,
           const Environment& env);

  // Returns when every message has its report, or its generation has ended and no more will come.
  void Run();

  const Settlement& settlement() const { return settlement_; }
  const std::vector<Report>& reports() const { return reports_; }
  bool anything_settled() const { return anything_settled_; }
  bool persisted() const { return persisted_; }
  bool outage() const { return outage_; }
  const std::string& why() const { return why_; }  // of the first report that was not persisted

 private:
  using Care = SharedState::Care;
  // A unit that must be looked after: a message of it goes alone, or its topic is not established yet
  // in this generation (see Delivery::Established).
  struct Queue {
    std::vector<std::size_t> earlier;  // handed over by the main road
    bool established = false;          // the main road has persisted one of them, or is known to be
    std::deque<std::size_t> waiting;
    std::optional<std::size_t> out;  // handed over alone, not reported
    bool ended = false;
  };

  bool TopicUsable(std::size_t index);
  void HandOver();
  bool HandOverMain(std::size_t index);  // false: stop handing over
  Queue* QueueOf(std::size_t index, Care care);
  void AdvanceQueues();
  bool NeedsAlone(std::size_t index) const { return !care_.empty() && care_[index] == Care::kAlone; }
  bool Advance(Queue& queue);  // true: something changed
  bool ReportedAlone(Queue& queue);
  bool SendMain(Queue& queue);
  bool EarlierPersisted(Queue& queue);
  bool SendAlone(Queue& queue, std::size_t index);
  bool JudgeAlone(std::size_t index);  // true: later messages of the unit may go on
  bool AnyWaiting() const;
  void WatchClock();
  bool OthersServed();
  bool OthersPersisted() const;  // since this batch was handed over
  void SuspectSilentTopics(TimePoint now);
  void Decide();
  void DecideOne(std::size_t index, const Report& report);
  void GiveUp(GiveUpReason reason, TimePoint now);
  std::string Error(const Message& message, const Report& report) const;

  const Order order_;
  Delivery& delivery_;
  Publisher& publisher_;
  SharedState& shared_;
  const Environment& env_;

  std::vector<Care> care_;   // empty: none needs any
  std::vector<Road> roads_;  // empty: all by the main road
  struct SeenTopic {
    std::string_view name;
    bool usable = true;
    bool established = true;
  };
  std::vector<SeenTopic> topics_;  // of this batch
  std::size_t last_topic_ = 0;
  std::vector<Unit> ended_units_;  // by a judgement of our own, before the broker saw the message
  std::unordered_map<std::string, Queue> queues_;
  std::size_t out_alone_ = 0;
  std::vector<bool> handed_;
  TimePoint handed_over_{};
  TimePoint last_progress_{};
  std::size_t last_unreported_ = 0;
  std::optional<TimePoint> ended_at_;
  bool gave_up_ = false;

  Settlement settlement_;
  std::vector<bool> judged_;
  std::vector<Report> reports_;
  bool anything_settled_ = false;
  bool persisted_ = false;
  bool outage_ = false;
  std::string why_;
};

}  // namespace outbox
