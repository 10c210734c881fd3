// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "metrics/family_list.h"
#include "metrics/producer_figures.h"
#include "outbox/message.h"

namespace outbox {

// Adds up what several producers, living one after another and side by side, say of themselves.
// Thread-safe.
class KafkaState {
 public:
  void Set(const ProducerFigures& figures, TimePoint now);
  void SetUp(bool up);
  void CountFatal();

  void Write(FamilyList& list, TimePoint now) const;
  bool up() const;

 private:
  struct Producer {
    ProducerFigures last;
    TimePoint at;
  };
  struct Broker {
    double request_timeouts = 0;
    double disconnects = 0;
    bool up = false;
    TimePoint at;
  };

  void Forget(TimePoint now);  // mutex_ is held

  mutable std::mutex mutex_;
  std::map<bool, Producer> producers_;  // by `main`; from here on protected by mutex_
  std::map<std::string, Broker> brokers_;
  double epochs_ = 0;
  double fatal_ = 0;
  bool up_ = false;
};

}  // namespace outbox
