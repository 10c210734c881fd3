// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/batch_order.h"
#include "core/batch_verdict.h"
#include "core/environment.h"
#include "core/main_road.h"
#include "core/patience.h"
#include "core/shared_state.h"
#include "core/unit_queues.h"
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
// Of its parts, MainRoad hands over, UnitQueues holds back, Patience waits, BatchVerdict decides.
// Used once, by one thread.
class Dispatch {
 public:
  using Order = BatchOrder;
  static constexpr std::size_t kMostAlone = UnitQueues::kMostAlone;
  static constexpr milliseconds kAloneFor = Patience::kAloneFor;
  static constexpr milliseconds kSuspectAfter = Patience::kSuspectAfter;
  static constexpr milliseconds kReportsAfterEnd = Patience::kReportsAfterEnd;
  static constexpr milliseconds kTopicTimeout{1'000};

  Dispatch(Order order, Delivery& delivery, Publisher& publisher, SharedState& shared,
           const Environment& env);
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  // Returns when every message has its report, or its generation has ended and no more will come.
  void Run();

  const Settlement& settlement() const { return verdict_.settlement(); }
  Settlement& settlement() { return verdict_.settlement(); }  // for DeadLetters
  const std::vector<Report>& reports() const { return verdict_.reports(); }
  bool anything_settled() const { return verdict_.anything_settled(); }
  bool persisted() const { return verdict_.persisted(); }
  // Others gave up the producer in which this batch waited: it says nothing about the batch.
  bool interrupted() const { return !persisted() && !patience_.gave_up() && verdict_.purged(); }
  bool outage() const { return verdict_.outage() || patience_.past_deadline(); }
  const std::string& why() const { return verdict_.why(); }  // of the first report that was not persisted

 private:
  using Care = SharedState::Care;
  struct SeenTopic {
    std::string_view name;
    bool usable = true;
    bool established = true;
  };

  void HandOver(const std::vector<Care>& care);  // empty: none needs any
  const SeenTopic& TopicOf(const Message& message);
  SeenTopic Check(const Message& message);
  void Decide();

  const Order order_;
  Delivery& delivery_;
  Publisher& publisher_;
  SharedState& shared_;
  const Environment& env_;

  // Each knows those before it.
  Patience patience_;
  MainRoad main_road_;
  BatchVerdict verdict_;
  UnitQueues units_;

  std::vector<SeenTopic> topics_;  // of this batch
  std::size_t last_topic_ = 0;
};

}  // namespace outbox
