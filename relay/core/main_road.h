// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/patience.h"
#include "outbox/message.h"
#include "outbox/publisher.h"

namespace outbox {

// The main road as one batch uses it: waits while the client's queue is full, and leaves out what
// comes after a message of its unit that the client itself refused. Owned by a Dispatch and used by
// its thread.
class MainRoad {
 public:
  MainRoad(std::span<const Message> messages, Delivery& delivery, Patience& patience)
      : messages_(messages), delivery_(delivery), patience_(patience) {}

  // False: this message did not go out, and no other will.
  bool Publish(std::size_t index);

 private:
  bool Ended(const Message& message) const;

  const std::span<const Message> messages_;
  Delivery& delivery_;
  Patience& patience_;
  std::vector<Unit> ended_units_;
};

}  // namespace outbox
