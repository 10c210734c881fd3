// SPDX-License-Identifier: Apache-2.0
#include "core/main_road.h"

#include <algorithm>

#include "core/kill_point.h"
#include "core/slow_point.h"

namespace outbox {

bool MainRoad::Publish(std::size_t index) {
  const Message& message = messages_[index];
  if (Ended(message)) return true;
  for (;;) {
    switch (delivery_.Publish(message, index, Road::kMain)) {
      case HandOver::kAccepted:
        patience_.Expect(index);
        KillPoint("handed_over");
        SlowPoint("handed_over");
        // Judged by the client itself: nothing that went before it is in danger, what follows is.
        if (delivery_.report(index).kind == ReportKind::kRefused && message.key) {
          ended_units_.push_back({message.topic, *message.key});
        }
        return true;
      case HandOver::kEnded:
        return false;
      case HandOver::kFull:
        if (!patience_.AwaitRoom()) return false;
        break;
    }
  }
}

bool MainRoad::Ended(const Message& message) const {
  if (ended_units_.empty() || !message.key) return false;
  const Unit unit{message.topic, *message.key};
  return std::find(ended_units_.begin(), ended_units_.end(), unit) != ended_units_.end();
}

}  // namespace outbox
