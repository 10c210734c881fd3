// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cmath>

#include "http/status.h"

namespace outbox::test {

inline constexpr int kSamplesOfHistory = 180;  // one every ten seconds

// Services that insert in slow waves, and a relay that keeps up until `stopped` seconds ago.
inline std::vector<HistoryStatus> SampleHistory(int stopped = 0) {
  std::vector<HistoryStatus> history;
  double pending = 0;
  for (int i = 0; i < kSamplesOfHistory; ++i) {
    const double wave = std::sin(i / 14.0) + 0.35 * std::sin(i / 2.3) + 0.2 * std::sin(i * 1.7);
    const double in = 1'100 + 260 * wave;
    const int ago = (kSamplesOfHistory - 1 - i) * 10;
    const bool sends = ago >= stopped;
    pending = sends ? 45 + 22 * wave : pending + 10 * in;
    const double lag = sends ? 0.012 + 0.006 * wave : static_cast<double>(stopped - ago);
    history.push_back({.ago = std::chrono::seconds(ago),
                       .pending = std::round(pending),
                       .lag = StatusDuration(lag),
                       .out_per_second = sends ? in : 0});
  }
  return history;
}

// All is well, and has been for half an hour.
inline Status HealthyStatus() {
  using std::chrono::hours;
  using std::chrono::seconds;
  Status status;
  status.outbox = "orders";
  status.version = "1.2.3";
  status.uptime = hours(99);
  status.state = {.name = "running", .tone = Tone::kGood, .why = ""};
  status.connections = {{.name = "PostgreSQL", .up = true, .detail = "", .since = hours(99)},
                        {.name = "Kafka", .up = true, .detail = "3 brokers connected"}};
  status.breaker = "closed";
  status.flow = {.out_per_second = 1240.4,
                 .in_per_second = 1238,
                 .time_to_empty = {},
                 .inflight_messages = 52,
                 .inflight_bytes = 13'000};
  const auto topic = [](const char* name, std::uint64_t sent, double rate, std::int64_t pending) {
    return TopicStatus{.topic = name,
                       .sent = sent,
                       .sent_per_second = rate,
                       .pending = RoughCount{pending},
                       .oldest = std::chrono::milliseconds(pending / 3)};
  };
  status.topics = {topic("orders", 381'234'567, 1000.2, 41), topic("payments", 71'020'001, 239.8, 11),
                   topic("customer-address-changes", 2'001, 0.4, 0)};
  status.history = SampleHistory();
  status.table = TableStatus{.pending = {.value = 52},
                             .retrying = {},
                             .failed = {},
                             .blocked_keys = {},
                             .lag = std::chrono::milliseconds(14),
                             .oldest_pending = std::chrono::milliseconds(14),
                             .size_bytes = 1'800'000'000,
                             .dead_tuples = 21'000,
                             .oldest_transaction = seconds(2),
                             .ids_left = {},
                             .sampled = seconds(4)};
  return status;
}

// Messages that Kafka refuses, one of which blocks its key, and a topic that an operator paused.
inline Status BlockedStatus() {
  using std::chrono::minutes;
  using std::chrono::seconds;
  Status status = HealthyStatus();
  status.state = {.name = "running", .tone = Tone::kWarning, .why = "some topics are paused"};
  status.holds = {{.what = "topic payments",
                   .reason = "operator",
                   .detail = "the consumer is being moved",
                   .since = minutes(12),
                   .remedy = "outbox-relay -n orders resume --topic payments"}};
  status.refused = {
      {.id = 90'071'992,
       .topic = "orders",
       .key_hash = "73475cb40a56",
       .failed = false,
       .holds_key = true,
       .attempts = 4,
       .age = seconds(93),
       .due_in = seconds(7),
       .error = "Broker: Broker failed to validate record",
       .remedy = "outbox-relay -n orders retry 90071992"},
      {.id = 90'041'003,
       .topic = "customer-address-changes",
       .key_hash = "9f86d081884c",
       .failed = true,
       .holds_key = true,
       .attempts = 1,
       .age = minutes(31),
       .error = "Broker: Message size too large: 1,310,720 bytes, and the topic takes 1,048,588 at most",
       .remedy = "outbox-relay -n orders retry 90041003"}};
  status.refused_more = "outbox-relay -n orders list --status failed --status retrying";
  status.topics[0].retries = 4;
  status.topics[1].pending = RoughCount{171'204, RoughCount::Precision::kAbout};
  status.topics[1].oldest = minutes(12);
  status.topics[2].failed = 1;
  status.topics_note = "Pending is estimated from 9,984 of the oldest messages.";
  status.table->pending = {.value = 171'256, .precision = RoughCount::Precision::kAbout};
  status.table->retrying = {.value = 1};
  status.table->failed = {.value = 1};
  status.table->blocked_keys = {.value = 2};
  status.table->oldest_pending = minutes(12);
  return status;
}

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
       .since = minutes(63),
       .remedy = "outbox-relay -n orders doctor"}};
  status.flow = {.out_per_second = 1240.4,
                 .in_per_second = 980,
                 .time_to_empty = seconds(192),
                 .inflight_messages = 2000,
                 .inflight_bytes = 1'300'000};
  status.topics = {
      {.topic = "orders", .sent = 1'234'567, .retries = 3, .failed = 1, .sent_per_second = 1000.2},
      {.topic = "payments", .sent = 20'001, .retries = 0, .failed = 0, .sent_per_second = 0.4}};
  status.topics[0].pending = RoughCount{40'111, RoughCount::Precision::kAbout};
  status.topics[0].oldest = seconds(17);
  status.topics_note = "Pending is estimated from 9,984 of the oldest messages.";
  status.refused = BlockedStatus().refused;
  status.refused_more = BlockedStatus().refused_more;
  status.history = SampleHistory(40);
  status.table = TableStatus{.pending = {.value = 48'211, .precision = RoughCount::Precision::kAbout},
                             .retrying = {.value = 3},
                             .failed = {.value = 1000, .precision = RoughCount::Precision::kAtLeast},
                             .blocked_keys = {.value = 2},
                             .lag = std::chrono::milliseconds(2100),
                             .oldest_pending = seconds(45),
                             .size_bytes = 1'800'000'000,
                             .dead_tuples = 21'000,
                             .oldest_transaction = minutes(4),
                             .ids_left = {},
                             .sampled = seconds(4)};
  return status;
}

}  // namespace outbox::test
