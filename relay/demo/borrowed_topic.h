// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "demo/quiet_client.h"

namespace outbox {

// A topic on somebody's real Kafka, made for us and deleted at the end. Used by one thread.
class BorrowedTopic {
 public:
  // Throws std::runtime_error if no broker answers, or refuses.
  BorrowedTopic(const std::string& brokers, std::string name, int partitions);
  ~BorrowedTopic();
  BorrowedTopic(const BorrowedTopic&) = delete;
  BorrowedTopic& operator=(const BorrowedTopic&) = delete;

  void Keep() { kept_ = true; }

 private:
  const std::string name_;
  QuietClient client_;
  bool kept_ = false;
};

}  // namespace outbox
