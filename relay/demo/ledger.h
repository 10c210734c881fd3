// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "demo/latency.h"

namespace outbox {

// One row as the producers number it; it travels as the payload.
struct Ticket {
  // Of a row whose transaction is rolled back: nobody may ever see it.
  static constexpr std::int64_t kVoid = -1;

  int key = 0;
  std::int64_t number = 0;  // 1, 2, 3 ... within its key
  microseconds at{0};       // when it was inserted, since the Unix epoch

  std::string Payload() const;
  static std::optional<Ticket> Parse(std::string_view payload);
};

microseconds UnixTime();

// The books: what was committed, and what came out of Kafka. It believes nobody, the relay least.
// Thread-safe.
class Ledger {
 public:
  struct Totals {
    std::int64_t committed = 0;
    std::int64_t rolled_back = 0;
    std::int64_t delivered = 0;     // each once
    std::int64_t duplicates = 0;    // came again
    std::int64_t out_of_order = 0;  // came for the first time after a later one of their key
    std::int64_t ghosts = 0;        // of a transaction that was rolled back, or never written

    std::int64_t backlog() const { return std::max<std::int64_t>(0, committed - delivered); }
    bool sound() const { return out_of_order == 0 && ghosts == 0; }
  };

  explicit Ledger(int keys) : keys_(static_cast<std::size_t>(keys)) {}

  void OnCommitted(std::span<const Ticket> rows);
  void OnRolledBack(std::span<const Ticket> rows);
  void OnConsumed(std::string_view payload, microseconds now);

  // At the start, and while an outage lasts and until its backlog is gone, latencies say nothing about
  // the relay.
  void SetDisturbed(bool disturbed);

  Totals totals() const;
  // Committed and never seen. Only of use once nothing is on its way.
  std::int64_t Missing() const;
  LatencyHistogram TakeRecent();         // since the last call
  LatencyHistogram undisturbed() const;  // of all

 private:
  struct Key {
    std::int64_t committed = 0;
    std::int64_t highest = 0;        // consumed
    std::set<std::int64_t> skipped;  // below highest and not consumed
  };

  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::vector<Key> keys_;
  Totals totals_;
  bool disturbed_ = false;
  LatencyHistogram recent_;
  LatencyHistogram undisturbed_;
};

}  // namespace outbox
