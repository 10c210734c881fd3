// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <vector>

#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/lane_book.h"
#include "postgres/postgres_batch.h"
#include "postgres/statements.h"

namespace outbox {

// Reads what is due in the lanes of one claim into its batch, and notes in the claim's state how far
// each lane was read:
//
//   plain    lanes where nothing waits, all in one statement, which leaves out the others
//   only     one topic that is apart, plain where nothing waits; without its retries
//   careful  those, with their waiting units, and retries that are due
//   check    every row that was seen but could not be locked holds its unit for this claim
//
// Made for one claim, inside its transaction and under the locks of its lanes; used by the session's
// thread.
class LaneReader {
 public:
  using Lanes = std::vector<LaneBook::Entry>;
  struct Task {
    const ClaimRequest& request;
    std::vector<std::string> held_topics;  // the relay's and the operators'
    OnFailed on_failed;
  };

  LaneReader(Connection& connection, const Statements& statements, LaneBook& book, Task task,
             PostgresBatch::Contents& contents);

  void Read(const Lanes& lanes);

 private:
  void ReadPlain(const Lanes& lanes, Lanes& careful);
  void ReadCareful(Lanes lanes);
  void ReadOnly(Lanes lanes);
  void ReadRetries(const Lanes& lanes);
  // Runs a read and sorts its rows into the batch; lanes it left out because something waits there go
  // to `waiting`.
  void Run(const Statement& statement, const Lanes& lanes, Lanes* waiting);
  std::vector<std::string> Parameters(const Lanes& lanes) const;
  std::string HeldTopics() const;
  // Takes the rows of one lane, from `row` on; returns the first row behind them.
  pqxx::const_result_iterator TakeLane(pqxx::const_result_iterator row,
                                       const pqxx::const_result_iterator& end, const Lanes& lanes,
                                       Lanes* waiting);
  struct Gap {
    std::size_t first;    // of the lane's messages
    std::size_t missing;  // rows, at least
    std::int64_t upto;    // id; what was read ended there
  };
  void FindLocked(const LaneBook::Entry& lane, bool careful, const Gap& gap);
  void DropLockedUnits();
  void SortRetriesIn();
  void DropSurplus();
  void LeaveUnsettled(const Message& message);

  Connection& connection_;
  const Statements& statements_;
  LaneBook& book_;
  const Task task_;
  PostgresBatch::Contents& contents_;
  std::vector<std::string> topic_holds_;
  std::set<std::string> locked_units_;  // held for this claim: a row of theirs is locked by others
  bool any_retries_ = false;
};

}  // namespace outbox
