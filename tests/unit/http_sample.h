// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "http/status.h"

namespace outbox::test {

// A relay in trouble: everything that the page can show is there.
inline Status TroubledStatus() {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  Status status;
  status.outbox = "orders";
  status.version = "1.2.3";
  status.uptime = hours(51);
  status.state = {.name = "breaker open", .tone = Tone::kBad, .why = "No broker has answered for 17 s."};
  status.connections = {
      {.name = "PostgreSQL", .up = true, .detail = "", .since = hours(50)},
      {.name = "Kafka", .up = false, .detail = "kafka-1:9092: Connection refused", .since = seconds(17)}};
  status.breaker = "open";
  status.holds = {
      {.what = "everything", .reason = "breaker", .detail = "no broker connected", .since = seconds(17)},
      {.what = "topic invoices",
       .reason = "unknown_topic",
       .detail = "Unknown topic or partition",
       .since = minutes(63)}};
  status.flow = {.out_per_second = 1240.4,
                 .in_per_second = 980,
                 .time_to_empty = seconds(192),
                 .inflight_messages = 2000,
                 .inflight_bytes = 1'300'000};
  status.topics = {
      {.topic = "orders", .sent = 1'234'567, .retries = 3, .failed = 1, .sent_per_second = 1000.2},
      {.topic = "payments", .sent = 20'001, .retries = 0, .failed = 0, .sent_per_second = 0.4}};
  status.table = TableStatus{.pending = {.value = 48'211, .precision = RoughCount::Precision::kAbout},
                             .retrying = {.value = 3},
                             .failed = {.value = 1000, .precision = RoughCount::Precision::kAtLeast},
                             .blocked_keys = {.value = 2},
                             .lag = std::chrono::milliseconds(2100),
                             .oldest_pending = seconds(45),
                             .size_bytes = 1'800'000'000,
                             .dead_tuples = 21'000,
                             .oldest_transaction = minutes(4),
                             .sampled = seconds(4)};
  return status;
}

}  // namespace outbox::test
