// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outbox {

// Durations that the relay measures itself are on the monotonic clock; ages of rows come from the
// database's clock, because no two machines agree on the time.
using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The number of lanes is part of the public surface: it is computed into every row by the schema.
inline constexpr int kLanes = 64;

// One row of the outbox, as a view. Every string_view points into the memory of the batch that it
// came from (Batch::memory()) and lives as long as that does.
struct Message {
  std::int64_t id = 0;  // order within a unit
  int lane = 0;
  std::string_view message_id;  // uuid as text; what consumers drop repeats by
  std::string_view topic;
  std::optional<std::string_view> key;      // none: no order
  std::string_view type;                    // empty: none
  std::string_view headers;                 // the text of a JSON object; empty: none
  std::optional<std::string_view> payload;  // none: a tombstone
  microseconds created_at{0};               // since the Unix epoch, by the database's clock
  microseconds age{0};                      // created_at to the claim, by the database's clock
  int attempts = 0;                         // refusals so far
  bool retrying = false;
  // Bytes of a payload that was not fetched because it is above ClaimRequest::max_payload; else 0.
  std::int64_t oversize = 0;

  std::size_t bytes() const {
    return topic.size() + (key ? key->size() : 0) + headers.size() + (payload ? payload->size() : 0);
  }
};

// What order, holding and blocking apply to. Messages without a key belong to no unit.
struct Unit {
  std::string_view topic;
  std::string_view key;
  friend bool operator==(const Unit&, const Unit&) = default;
};

}  // namespace outbox
