// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/snapshot.h"
#include "core/xid_pairs.h"

namespace outbox {

// A snapshot in both forms: to reason about, and for PostgreSQL to compare rows with.
struct LogSnapshot {
  std::string text;
  Snapshot facts;
  static LogSnapshot Of(const std::string& text) { return {text, Snapshot::Parse(text)}; }
};

// One tick: what lies between two snapshots of the log. Never changes once it has begun.
struct LogTick {
  std::optional<LogSnapshot> before;  // S: every row visible in it with an id up to `upto` is done;
  std::int64_t upto = 0;              // F; without S there are none
  LogSnapshot after;                  // S2
  std::int64_t last_drawn = 0;        // L
  std::int64_t late_from = 0;         // no late row has an id up to this one
  XidPairs pairs;                     // as of S2
};

// Every message before this point of the log is done. Names the tick, so it can be continued by
// whoever reads it.
struct LogPosition {
  enum class Phase : std::uint8_t { kLate, kNew, kOver };
  std::shared_ptr<const LogTick> tick;
  Phase phase = Phase::kOver;
  std::int64_t last = 0;  // id, within the phase
};

// In which order the rows of a log are read, so that each unit's come in commit order, and none is
// missed:
//
//   1. L is the last drawn id; then a transaction of ours gets an xid p and ends; then S2 is taken. So
//      every transaction with an xid at or above xmax(S2) got it after p, and owns only ids above L. (One
//      that runs may be missing from xip; without p this would be false.)
//   2. Late rows first: id <= F, visible in S2, not in S. They committed after all that was read before.
//      Only transactions unfinished in S and finished in S2 own any, and the pairs tell from which id on.
//   3. Then the new ones: F < id <= L, visible in S2. After that S := S2, F := L.
//
// Within a tick id order is delivery order, and commit order is across ticks; writers of a unit are
// serialised, so for each unit both are the same. Pure arithmetic; not thread-safe.
class LogTicks {
 public:
  static constexpr std::int64_t kMostIds = 1'000'000;  // that one step looks at

  // Goes on from here. A new log's is {}.
  explicit LogTicks(LogPosition position = {}) : position_(std::move(position)) {}

  bool in_tick() const { return position_.phase != LogPosition::Phase::kOver; }
  std::int64_t upto() const { return position_.tick ? position_.tick->last_drawn : 0; }  // outside of a tick

  // Outside of a tick. Is there anything to read? `now` needs no p.
  bool Wanted(const Snapshot& now, std::int64_t last_drawn) const;
  void Begin(std::int64_t last_drawn, Xid p, LogSnapshot after);

  // Within a tick: what to read next.
  struct Step {
    bool late = false;
    std::int64_t from = 0;  // ids above this
    std::int64_t upto = 0;  // up to this
  };
  Step Next() const;
  // It was read: as far as this id, or, without one, to its end.
  void Done(const Step& step, std::optional<std::int64_t> cut);

  const LogPosition& position() const { return position_; }  // of what comes next

 private:
  void EnterPhase();

  LogPosition position_;
};

}  // namespace outbox
