// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/batch_verdict.h"
#include "core/main_road.h"
#include "core/patience.h"
#include "outbox/publisher.h"

namespace outbox {

// The units of one batch that must be looked after: a message of it goes alone, or its topic is not
// established yet in this generation (see Delivery::Established). Their messages wait here for those
// before them. Owned by a Dispatch and used by its thread.
class UnitQueues {
 public:
  static constexpr std::size_t kMostAlone = 16;  // unreported on the second producer

  UnitQueues(std::span<const Message> messages, Delivery& delivery, Patience& patience, MainRoad& main_road,
             BatchVerdict& verdict);

  // Messages come in the order of the batch. True: this one waits here. False: the caller hands it
  // over by the main road at once. `established`: its topic is.
  bool Hold(std::size_t index, bool alone, bool established);
  void Advance();  // as far as the reports allow
  bool AnyWaiting() const;
  Road road(std::size_t index) const { return alone_[index] ? Road::kAlone : Road::kMain; }

 private:
  struct Waiting {
    std::size_t index;
    bool alone;
  };
  struct Queue {
    std::vector<std::size_t> earlier;  // handed over by the main road
    bool established = false;          // the main road has persisted one of them, or is known to be
    std::deque<Waiting> waiting;
    std::optional<std::size_t> out;  // handed over alone, not reported
    bool ended = false;
  };

  Queue& QueueOf(const Message& message);
  bool Advance(Queue& queue);  // true: something changed
  bool ReportedAlone(Queue& queue);
  bool EarlierPersisted(Queue& queue);
  bool SendMain(Queue& queue);
  bool SendAlone(Queue& queue);

  const std::span<const Message> messages_;
  Delivery& delivery_;
  Patience& patience_;
  MainRoad& main_road_;
  BatchVerdict& verdict_;
  std::unordered_map<std::string, Queue> queues_;
  std::vector<bool> alone_;  // by message: the road it takes
  std::size_t out_alone_ = 0;
};

}  // namespace outbox
