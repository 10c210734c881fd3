// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <thread>

#include "demo/ledger.h"
#include "demo/quiet_client.h"

namespace outbox {

// Reads everything that arrives in a topic and enters it in the books, on a thread of its own.
class Consumer {
 public:
  Consumer(const std::string& brokers, const std::string& topic, int partitions, Ledger& ledger);
  ~Consumer();

 private:
  void Run(const std::stop_token& stop);

  Ledger& ledger_;
  QuietClient client_;
  std::jthread thread_;
};

}  // namespace outbox
