// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outbox {

// What the status page shows: plain values and words, filled by whoever knows them. Texts may come
// from anywhere, they are escaped here. Durations are "for how long", not moments.
using StatusDuration = std::chrono::duration<double>;

// One line of /livez or /readyz.
struct HealthCheck {
  std::string check;
  bool ok = false;
  std::string detail;  // for a person; may be empty
};

enum class Tone { kGood, kWarning, kBad };

// A count that may be known only roughly.
struct RoughCount {
  enum class Precision { kExact, kAbout, kAtLeast };
  std::int64_t value = 0;
  Precision precision = Precision::kExact;
};

struct StateStatus {
  std::string name;  // "running", "paused", "breaker open", ...
  Tone tone = Tone::kGood;
  std::string why;  // a sentence; may be empty
};

struct ConnectionStatus {
  std::string name;
  bool up = false;
  std::string detail;
  StatusDuration since{0};  // in this state; 0: unknown
};

// Why messages wait that could otherwise be sent: the breaker, or a pause.
struct HoldStatus {
  std::string what;    // "everything", "topic orders"
  std::string reason;  // one word: operator, unknown_topic, ...
  std::string detail;
  StatusDuration since{0};
  std::string remedy{};  // what to type; empty: it ends by itself
};

struct FlowStatus {
  double out_per_second = 0;            // sent by this relay, over the last minute
  std::optional<double> in_per_second;  // estimate
  std::optional<StatusDuration> time_to_empty;
  std::int64_t inflight_messages = 0;
  std::int64_t inflight_bytes = 0;
};

struct TopicStatus {
  std::string topic;
  std::uint64_t sent = 0;  // these three since the start of the relay
  std::uint64_t retries = 0;
  std::uint64_t failed = 0;
  double sent_per_second = 0;
  std::optional<RoughCount> pending{};  // none: not known
  StatusDuration oldest{0};             // of the pending ones
};

// A message that waits for its next attempt or, failed, for an operator. Never its key or its payload.
struct RefusedStatus {
  std::int64_t id = 0;
  std::string topic;
  std::string key_hash;  // empty: no key
  bool failed = false;
  bool holds_key = false;  // later messages of its key wait for it
  int attempts = 0;
  StatusDuration age{0};
  StatusDuration due_in{0};  // its next attempt
  std::string error;
  std::string remedy;  // what to type
};

// One sample of the past.
struct HistoryStatus {
  StatusDuration ago{0};
  double pending = 0;
  std::optional<StatusDuration> lag{};
  double out_per_second = 0;
};

struct TableStatus {
  RoughCount pending;
  RoughCount retrying;
  RoughCount failed;
  RoughCount blocked_keys;
  std::optional<StatusDuration> lag;  // none: unknown
  StatusDuration oldest_pending{0};
  std::int64_t size_bytes = 0;
  std::int64_t dead_tuples = 0;
  std::optional<StatusDuration> oldest_transaction;  // none: may not be seen
  std::optional<std::int64_t> ids_left;              // of a log
  StatusDuration sampled{0};                         // ago
};

inline constexpr std::chrono::minutes kHistorySpan{30};

struct Status {
  std::string outbox;
  std::string version;
  StatusDuration uptime{0};
  StateStatus state;
  std::vector<ConnectionStatus> connections;
  std::string breaker;  // closed, open, half_open
  std::vector<HoldStatus> holds;
  FlowStatus flow;
  std::vector<TopicStatus> topics;
  std::string topics_note;             // how far their pending messages can be trusted; may be empty
  std::vector<HistoryStatus> history;  // of kHistorySpan, the oldest first
  std::vector<RefusedStatus> refused;  // the newest
  std::string refused_more;            // what lists all of them
  std::optional<TableStatus> table;    // none: no sample of late
  std::string table_unknown;           // then why
};

}  // namespace outbox
