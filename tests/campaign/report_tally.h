// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "campaign/field.h"

namespace outbox::campaign {

// Adds up what all relays of a round said of themselves in their metrics. A relay that ended takes with
// it what it counted since the last look: no more than what arrived meanwhile, and what it had in flight.
// Used by one thread.
class ReportTally {
 public:
  // `seen`: how many different messages have arrived by now. Does not ask relays that a fault is busy with.
  void Look(const std::vector<RelayPost>& relays, std::int64_t seen);

  std::int64_t delivered() const;  // reports "persisted"
  std::int64_t missed() const { return missed_; }
  std::int64_t swept() const;  // messages that only a sweep found

 private:
  struct Last {
    std::int64_t delivered = 0;
    std::int64_t swept = 0;
    std::int64_t seen = 0;
    bool ended = false;
  };
  std::map<pid_t, Last> relays_;
  std::int64_t missed_ = 0;
  std::int64_t seen_before_ = 0;
};

}  // namespace outbox::campaign
