// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outbox/observer.h"

namespace outbox {

struct TopicFigures {
  std::string topic;
  std::uint64_t sent = 0;
  std::uint64_t retries = 0;
  std::uint64_t failed = 0;
  double sent_per_second = 0;  // over the last minute
};

struct PausedTopic {
  std::string topic;
  TopicPause why = TopicPause::kOperator;
  std::string detail;
  TimePoint since;
};

// What a sample found, and how much this relay had sent since the one before.
struct HistoryPoint {
  TimePoint at;
  std::int64_t pending = 0;
  std::optional<microseconds> lag;
  double sent_per_second = 0;
};

// What the relay knows about itself at one moment, for the status page and systemd's status line.
// Totals count from the start of the process; `since` is when the present state began.
struct RelaySnapshot {
  std::vector<TopicFigures> topics;
  std::uint64_t sent = 0;
  std::uint64_t retries = 0;
  std::uint64_t failed = 0;
  double sent_per_second = 0;

  std::int64_t inflight_messages = 0;
  std::int64_t inflight_bytes = 0;

  BreakerState breaker = BreakerState::kClosed;
  std::string breaker_why;
  TimePoint breaker_since;

  bool paused = false;  // everything, by an operator
  std::string paused_reason;
  TimePoint paused_since;
  std::vector<PausedTopic> paused_topics;

  std::string silent_until;  // nothing is claimed, by cadence; empty: it is not so

  bool store_up = false;
  std::string store_why;  // empty while it is up
  TimePoint store_since;
  bool kafka_up = false;

  std::optional<TableSample> sample;  // the last one; its ages are as of sampled_at
  TimePoint sampled_at;
  std::string sample_error;                  // why there is none since, if so
  std::optional<double> backlog_per_second;  // how fast the table's pending messages grow, negative: shrink
  std::vector<HistoryPoint> history;         // of half an hour, the oldest first
};

}  // namespace outbox
