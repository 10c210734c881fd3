// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core_scan_world.h"
#include "outbox/store.h"
#include "postgres/lane_book.h"

namespace outbox::test {

// One relay of the model: what its sessions share.
struct ModelRelay {
  LaneBook book;
  std::set<std::string> paused_topics;
};

// A claim, as PostgresSession and PostgresBatch make it, but cut into the steps
// between which others may act: each statement is one, and so is what the client does between two.
// (The statement that takes lanes is several, because its snapshot is older than its locks.)
class ModelClaim {
 public:
  ModelClaim(World& world, ModelRelay& relay, int session) : world_(world), relay_(relay), number_(session) {}
  ~ModelClaim();  // rolls back what is not committed
  ModelClaim(const ModelClaim&) = delete;
  ModelClaim& operator=(const ModelClaim&) = delete;

  bool Step();  // false: that was the last one

 private:
  struct Item {
    std::int64_t id;
    int lane;
    bool retrying;
    Outcome outcome = Outcome::kWait;
    bool delivered = false;
  };
  struct Unlocked {  // a lane where a row was seen and not obtained
    LaneBook::Entry entry;
    std::size_t read;
    std::int64_t upto;
  };

  void Ask();         // the book for the scan starts
  void Snap();        // the statement begins: its snapshot, and which lanes have work
  void Lock();        // their locks,
  void ReadLast();    // the last drawn id,
  void OwnXid();      // and an xid
  void Learn();       // what that statement returned
  void ReadPlain();   // lanes where nothing waits
  void AskWaiting();  // the waiting rows of the others
  void ReadRetries();
  void ReadCareful();
  void ReadOnly();  // one topic that is held, with a claim of its own
  void ReadOnlyCareful();
  void FindLocked();  // rows that somebody else has locked
  void Deliver();
  void Settle();
  void Learned();  // the client hears of the commit

  void Read(const std::vector<LaneBook::Entry>& lanes, bool careful, std::vector<LaneBook::Entry>* waiting);
  void ReadLane(const LaneBook::Entry& entry, bool careful, std::size_t most, bool left_out);
  void DropLockedUnits();
  void DropSurplus();
  void LeaveUnsettled(const Item& item);
  Outcome Publish(Item& item, World::Row& row);
  void LowerToUnsettled();
  std::vector<std::string> TopicHolds() const;
  bool HasWork(const LaneBook::Entry& entry) const;
  void FreeLocks();
  void End() { next_ = nullptr; }

  World& world_;
  ModelRelay& relay_;
  const int number_;
  void (ModelClaim::*next_)() = &ModelClaim::Ask;
  std::int64_t began_ = 0;
  bool committed_ = false;
  int epoch_ = 0;
  std::optional<std::string> trial_;
  std::optional<std::string> only_;
  std::vector<std::string> held_topics_;
  std::vector<LaneBook::Entry> entries_;
  std::vector<LaneBook::Entry> careful_;
  Snapshot snapshot_;
  std::size_t limit_ = 0;
  std::vector<int> lanes_;
  std::optional<Xid> xid_;
  std::optional<std::int64_t> last_drawn_;
  std::int64_t bound_ = ScanMemory::kNone;
  std::vector<ScanMemory::LaneRead> reads_;
  std::vector<Item> batch_;
  std::vector<Unlocked> unlocked_;
  std::set<std::string> locked_units_;
};

}  // namespace outbox::test
