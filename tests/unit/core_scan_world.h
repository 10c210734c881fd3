// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/snapshot.h"

namespace outbox::test {

inline constexpr int kModelLanes = 3;

// How a schedule departs from what the relay relies on. Each one must be noticed.
struct WrongModel {
  bool id_before_xid = false;    // a row's id is drawn before its transaction has an xid
  bool last_drawn_late = false;  // a claim reads the last drawn id after it got its own xid
};

// As much of PostgreSQL as a claim depends on: xids, ids, snapshots, which rows are committed, and
// three kinds of locks. A statement sees what is committed when it runs, so a row needs no history:
// the schedule never splits a statement, except the one whose parts matter (taking lanes). Also the
// judge: it is told of every delivery and keeps the first thing that went wrong.
class World {
 public:
  enum class Status { kPending, kRetrying, kFailed };
  struct Row {
    std::int64_t id = 0;
    Xid xid = 0;  // of the transaction that inserted it
    int lane = 0;
    std::string topic;
    std::optional<std::string> key;
    Status status = Status::kPending;
    std::int64_t due = 0;    // kRetrying
    bool delivered = false;  // at least once
    bool may_repeat = false;
    bool lost_place = false;  // was failed once, and others were allowed to pass it
    std::string unit() const { return key ? topic + "/" + *key : "#" + std::to_string(id); }
  };

  World(std::uint64_t seed, WrongModel how, bool failed_blocks)
      : wrong(how), block(failed_blocks), random_(seed) {}

  // Transactions. A running xid at or above xmax is not in xip, as in the real one.
  Xid Assign();
  void End(Xid xid);
  Snapshot TakeSnapshot() const;
  std::int64_t Draw() { return ++last_drawn_; }
  std::int64_t last_drawn() const { return last_drawn_; }

  bool Waits(const Row& row) const;
  // An earlier row of its unit waits.
  bool Behind(const Row& row) const;
  std::string Signature(int lane) const;  // of the lane's waiting rows, as the statement makes it

  void Deliver(Row& row);
  void Blame(const std::string& what);
  const std::string& violation() const { return violation_; }

  std::size_t Below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool Chance(int percent) { return Below(100) < static_cast<std::size_t>(percent); }

  const WrongModel wrong;
  const bool block;  // on_failed
  bool calm = false;
  std::int64_t clock = 0;
  std::map<std::int64_t, Row> rows;         // committed and not sent
  std::map<int, int> lane_locks;            // lane -> session
  std::map<std::int64_t, int> row_locks;    // id -> session, or kPerson
  std::map<std::string, int> writer_locks;  // unit -> writer: the service serialises them
  static constexpr int kPerson = -1;

 private:
  std::mt19937_64 random_;
  Xid next_xid_ = 1000;
  Xid last_ended_ = 999;
  std::set<Xid> running_;
  std::int64_t last_drawn_ = 0;
  std::map<std::string, std::int64_t> newest_first_;  // unit -> highest id delivered so far
  std::string violation_;
};

// A service's transaction: may write elsewhere first, then inserts a row or several, one unit after
// the other, and commits or not. Without inserts it is one of the many others that use up xids.
class Writer {
 public:
  Writer(World& world, int number) : world_(world), number_(number) { Plan(); }
  void Step();
  bool idle() const { return !xid_ && rows_.empty() && next_ == 0 && !drawn_; }

 private:
  void Plan();
  bool Insert();
  void Finish();

  World& world_;
  const int number_;
  int laziness_ = 0;
  std::vector<World::Row> planned_;
  std::size_t next_ = 0;
  std::vector<World::Row> rows_;
  std::optional<Xid> xid_;
  std::optional<std::int64_t> drawn_;
};

}  // namespace outbox::test
