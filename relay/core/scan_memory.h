// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/snapshot.h"
#include "outbox/message.h"

namespace outbox {

// Where a claim begins to read each lane: what is below was read, is settled, and stays so.
//
// Reading a lane from its beginning every time would walk over the index entries of everything sent
// since the last vacuum. But a remembered id alone is wrong: a transaction may draw id 5, commit
// after id 700 was published, and be of the same key. So a scan start moves up to an id only when
// whoever could own an id up to there had ended before the read:
//
//   1. A *pair* (p, L) says: L was the last drawn id before our own transaction got its xid p. Rows
//      get their xid before their id, so every transaction with an xid above p owns only ids above L.
//   2. If p is below every foreign xid unfinished in snapshot S, all owners of ids up to L had ended
//      in S. The greatest such L is the *bound* of S.
//   3. A read that is not older than S saw all those rows; a lane's scan start never passes the bound
//      of its read, the id at which that was cut, or the lowest id that was read and not settled.
//   4. Rows passed over because their unit waits or their topic is paused are *held*. Each hold keeps
//      the lowest scan start of the reads made while it lasted; when it ends, the start returns there,
//      and a read made under it that ends later moves nothing.
//   5. What a hold holds may be read by itself. As far as such a read goes by rule 3, nothing is left of
//      it, and what the hold keeps moves up to there.
//
// Our own transactions insert nothing, so their xids do not count as foreign. Pure arithmetic: no
// I/O, no clock. Not thread-safe; the store guards it. It describes one server's past: Forget() when
// that may have changed.
class ScanMemory {
 public:
  static constexpr std::int64_t kNone = -1;  // no scan start lies below this
  static constexpr std::size_t kMostPairs = 256;
  static constexpr std::size_t kMostHolds = 100;  // a lane

  // What a claim learned about a lane that it holds the lock of.
  struct LaneRead {
    int lane = 0;
    std::int64_t start = kNone;             // ids above this were read
    std::optional<std::int64_t> cut;        // read up to here; none: to the lane's end
    std::optional<std::int64_t> unsettled;  // lowest id that was read and is not settled
    bool may_advance = true;                // false: the read was partial in some other way
    std::vector<std::string> holds = {};    // that it was made under, as given to Begin
  };

  void Forget();

  // Begins a read of the lane while `holds` hold rows of it (units and topics, any names that do not
  // collide): ends the holds that are gone, notes the new ones, and returns the scan start.
  std::int64_t Begin(int lane, const std::vector<std::string>& holds);
  // Ends holds whose name begins with `prefix` and is not in `still`, in every lane.
  void EndHolds(std::string_view prefix, const std::vector<std::string>& still);

  std::int64_t start(int lane) const { return lanes_[static_cast<std::size_t>(lane)].start; }
  // Where a read of nothing but the rows that this hold holds begins. Some of them may be held by others
  // besides, whose names begin with `prefix`: perhaps these have ended, and nobody has noticed.
  std::int64_t start_behind(int lane, std::string_view hold, std::string_view prefix) const;
  // No unsent row of the lane, held or not, lies at or below this.
  std::int64_t floor(int lane) const;

  // A transaction of ours has this xid.
  void Own(Xid xid);
  // The greatest id up to which every owner had ended in `snapshot`; kNone if nothing is known.
  std::int64_t Bound(const Snapshot& snapshot) const;
  // A claim is known to be committed: `last_drawn` was read before it got `xid`, and `bound` is that
  // of a snapshot not younger than its reads.
  void AddPair(Xid xid, std::int64_t last_drawn);
  void Advance(const LaneRead& read, std::int64_t bound);
  // The same, of a read of nothing but the rows that a hold holds and of no unit that waits: where the
  // scan is to return to moves instead, and the hold goes on.
  void AdvanceHold(const LaneRead& read, std::int64_t bound, std::string_view hold);

 private:
  struct Lane {
    std::int64_t start = kNone;
    std::map<std::string, std::int64_t, std::less<>> holds;  // name -> lowest start while it lasted
  };
  struct Pair {
    Xid xid;
    std::int64_t last_drawn;
  };
  void EndHold(Lane& lane, std::map<std::string, std::int64_t, std::less<>>::iterator hold);

  std::array<Lane, kLanes> lanes_;
  std::deque<Pair> pairs_;  // ascending in both
  std::deque<Xid> own_;     // the newest of our xids, in no order
};

}  // namespace outbox
