// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/log_ticks.h"
#include "outbox/store.h"

namespace outbox {

// Rows of the log as they were read.
struct LogChunk {
  std::vector<Message> messages = {};
  std::shared_ptr<const void> memory = {};
  std::int64_t bytes = 0;
  LogPosition begin;  // before its first row
  LogPosition end;    // after its last one
};

// What is written about a row that cannot stay in the log because it must wait, or failed.
struct ParkedRow {
  enum class Status : std::uint8_t { kPending, kRetrying, kFailed };
  std::int64_t id = 0;
  Status status = Status::kPending;
  int attempts = 0;
  milliseconds delay{0};
  std::string error;
};

// What was read and is not done yet, in memory. Each row waits in its lane's queue, in the order it was
// read in, until a batch takes it; so a lane is in one batch at a time, as everywhere. What a batch
// leaves unsettled goes back to the front of its queue. A row leaves the log when it is sent, or when it
// is *parked*: copied to a side table, because it was refused, because its topic is held, or because its
// unit has rows there. Progress moves over what has left, in the order of the log, and takes along the
// copies; so a crash finds every row in exactly one of the two places.
//
// No I/O, no clock. Not thread-safe; the store guards it.
class LogWindow {
 public:
  void Append(LogChunk chunk);
  void Clear();  // batches that are out mean nothing any more

  std::int64_t bytes() const { return bytes_; }
  std::size_t queued() const { return queued_; }  // in lanes that no batch holds
  bool empty() const { return chunks_.empty(); }
  int lanes_busy() const;                           // held by a batch, with more rows waiting
  std::size_t parking() const { return parking_; }  // to be parked, and not yet in the table

  struct Place {
    std::uint64_t chunk;
    std::size_t row;
  };
  struct Taken {
    std::uint64_t epoch = 0;
    std::vector<Message> messages;
    std::vector<Place> places;
    std::shared_ptr<const void> memory;
    std::vector<int> lanes;
    std::int64_t bytes = 0;
    bool full = false;
  };
  // Rows that may be published, lane by lane. What must be parked on the way is marked so.
  Taken Take(const ClaimRequest& request, const std::vector<std::string>& held_topics);
  void GiveBack(const Taken& taken) { Settle(taken, {}, OnFailed::kSkip); }
  bool current(const Taken& taken) const { return taken.epoch == epoch_; }
  void Settle(const Taken& taken, const Settlement& settlement, OnFailed on_failed);

  // How far progress may move, and what is to be parked with it.
  struct Progress {
    std::uint64_t epoch = 0;
    LogPosition position;
    std::vector<ParkedRow> parked;
    Place end{};  // the first row that is not done
  };
  std::optional<Progress> Done() const;
  void Moved(const Progress& progress);

  // The units that have rows in the side table for which later ones must wait. A unit leaves the set only
  // when the table has none left and none is on its way there.
  static std::string UnitName(std::string_view topic, std::string_view key);
  // Before the table is asked, which may take long; what is parked or moved meanwhile is not forgotten.
  std::uint64_t AskUnits() { return ++asked_; }
  void SetParkedUnits(const std::vector<std::string>& units, std::uint64_t asked);
  bool any_parked_units() const { return !units_.empty(); }

 private:
  enum class Fate : std::uint8_t { kOpen, kSent, kParked };
  struct Parking {
    ParkedRow row;
    bool holds_unit;
  };
  struct Chunk : LogChunk {
    std::vector<Fate> fates;
    std::unordered_map<std::size_t, Parking> parked;  // by row
  };
  struct ParkedUnit {
    std::size_t coming = 0;     // rows that are on their way to the table
    std::uint64_t changed = 0;  // asked_, when that changed
  };
  using Held = std::vector<std::string>;

  Chunk& ChunkOf(const Place& place) { return chunks_[place.chunk - first_]; }
  bool MustPark(const Message& message, const Held& held_topics) const;
  void Park(const Place& place, ParkedRow row, bool holds_unit);
  ParkedUnit& UnitOf(const Message& message);
  // False: no bytes are left.
  bool TakeLane(int lane, const ClaimRequest& request, const Held& held_topics, std::size_t most,
                Taken& taken);

  std::deque<Chunk> chunks_;
  std::uint64_t first_ = 0;    // number of chunks_.front()
  std::size_t first_row_ = 0;  // in it, that is not done
  std::array<std::deque<Place>, kLanes> queues_;
  std::array<bool, kLanes> held_{};
  int next_lane_ = 0;
  std::unordered_map<std::string, ParkedUnit> units_;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  std::size_t parking_ = 0;
  std::size_t queued_ = 0;
  std::int64_t bytes_ = 0;
  std::uint64_t epoch_ = 1;
};

}  // namespace outbox
