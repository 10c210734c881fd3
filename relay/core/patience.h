// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/batch_order.h"
#include "core/environment.h"
#include "core/shared_state.h"
#include "outbox/publisher.h"

namespace outbox {

// How long a batch waits for its reports, and whom it blames when they do not come:
//
//   shutdown                  gives up; nobody's fault
//   deadline                  gives up: an outage, and the fault of the silent topics as well if the
//                             brokers answer
//   silence while they do     gives up early; the fault of the silent topics alone
//
// Where others are served the silent topics are sick by themselves. Where nobody is, one of them may
// hold up the others (a request that waits for replicas holds up all that follow it): then all are
// blamed, after a longer silence, and their trials, one by one on the other road, tell which it was.
// Without this one partition without a leader would cost everybody's generation, again and again.
//
// Owned by a Dispatch and used by its thread.
class Patience {
 public:
  static constexpr milliseconds kAloneFor{1'000};      // hand-over alone stops so long after it began
  static constexpr milliseconds kSuspectAfter{5'000};  // on its way so long,
  static constexpr milliseconds kSilentFor{3'000};  // and no report at all so long, while others are served,
  static constexpr milliseconds kAllSilentFor{10'000};    // or so long, while nobody is
  static constexpr milliseconds kReportsAfterEnd{2'000};  // once the generation has ended
  static constexpr milliseconds kProbeTimeout{1'000};
  static constexpr milliseconds kSettleDown{200};
  static constexpr milliseconds kAskFor{2'000};  // about topics, in all; each may take a second

  Patience(const BatchOrder& order, Delivery& delivery, Publisher& publisher, SharedState& shared,
           const Environment& env);

  // Time counts from here; called anew when the hand-over, which may take its time, is done.
  void Begin(TimePoint now) { begin_ = last_progress_ = now; }
  // This message was handed over.
  void Expect(std::size_t index) { expected_[index] = true; }

  // Both wait, and give up when it is time.
  void AwaitReports();
  bool AwaitRoom();  // in the client's queue; false: it is too late for more

  bool gave_up() const { return gave_up_; }
  bool closed() const { return gave_up_ || delivery_.ended(); }  // nothing more goes out
  bool alone_closed() const;                                     // nothing more goes out alone
  bool over() const;                                             // no more reports will come
  bool hurried() const;  // too late to ask the brokers about one more topic
  bool past_deadline() const { return past_deadline_; }
  bool blamed() const { return blamed_; }  // topics, before the deadline: no outage
  bool tried_long(TimePoint now) const { return now - begin_ > kSuspectAfter; }

 private:
  void WatchClock();
  bool TooLate(TimePoint now) const { return now >= std::min(order_.deadline, order_.stop_by()); }
  void GiveUp(GiveUpReason reason, TimePoint now);
  bool BrokersAnswer();
  bool OthersServed() const;  // since this batch was handed over
  bool Silent(std::size_t index) const;
  void SuspectSilentTopics(TimePoint now);

  const BatchOrder& order_;
  Delivery& delivery_;
  Publisher& publisher_;
  SharedState& shared_;
  const Environment& env_;

  const TimePoint opened_;
  std::vector<bool> expected_;
  TimePoint begin_{};
  TimePoint last_progress_{};
  std::size_t last_unreported_ = 0;
  std::optional<TimePoint> ended_at_;
  bool gave_up_ = false;
  bool past_deadline_ = false;
  bool blamed_ = false;
};

}  // namespace outbox
