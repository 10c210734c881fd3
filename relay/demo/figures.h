// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "demo/ledger.h"
#include "demo/scenario.h"
#include "outbox/observer.h"

namespace outbox {

// What stays the same during a demo, for the eye.
struct Playbill {
  std::string version;
  std::string postgres;  // "PostgreSQL 15.8, temporary"
  std::string kafka;
  std::string url;   // of the status page, with the slash
  std::string psql;  // how to look at the rows
};

struct FailedMessage {
  std::int64_t id = 0;
  std::string key;
  std::string error;
};

// The state of a demo at one moment.
struct Figures {
  milliseconds elapsed{0};
  std::optional<seconds> length;
  Scenario::Phase phase = Scenario::Phase::kSteady;
  std::string story;  // what is going on, a sentence

  double in_per_second = 0;
  double out_per_second = 0;
  std::deque<double> in_history;  // twice a second, newest last
  std::deque<double> out_history;
  std::deque<double> backlog_history;
  Ledger::Totals totals;
  milliseconds lag{0};              // age of the oldest row that is not out
  std::optional<microseconds> p50;  // of the last seconds
  std::optional<microseconds> p99;

  BreakerState breaker = BreakerState::kClosed;
  bool topic_paused = false;
  std::uint64_t retries = 0;
  std::vector<FailedMessage> failed;
};

// What is to be said at the end.
struct Balance {
  Ledger::Totals totals;
  std::int64_t lost = 0;
  std::int64_t left = 0;  // unsent rows still in the outbox: the end was not waited for
  std::vector<FailedMessage> failed;
  std::uint64_t retries = 0;
  std::optional<microseconds> p50;  // apart from an outage and its aftermath
  std::optional<microseconds> p99;
  std::optional<seconds> outage;
  std::int64_t highest_backlog = 0;
  bool breaker_opened = false;
  std::optional<milliseconds> recovery;

  bool kept() const { return lost == 0 && totals.sound(); }  // the promise
};

}  // namespace outbox
