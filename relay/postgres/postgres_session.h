// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "outbox/observer.h"
#include "outbox/store.h"
#include "postgres/claim_state.h"
#include "postgres/connection.h"
#include "postgres/lane_book.h"
#include "postgres/postgres_batch.h"
#include "postgres/statements.h"

namespace outbox {

// A worker's connection. A claim is one transaction of a few statements; the order of these is what
// the promise rests on:
//
//   take    the lanes' locks, and before our own xid exists, the last id that was drawn
//   read    in later statements, because a lock does not make its own statement's snapshot newer:
//           lanes where nothing waits at once; the others with their waiting units, and due retries
//   check   every row that was seen but could not be locked holds its unit for this claim
//
// One batch at a time.
class PostgresSession : public StoreSession {
 public:
  PostgresSession(const ConnectOptions& options, StepSupervisor& supervisor, const Statements& statements,
                  LaneBook& book, Observer& observer);
  ~PostgresSession() override;

  std::unique_ptr<Batch> Claim(const ClaimRequest& request) override;
  const SharedControl& control() const override { return control_; }
  int lanes_busy() const override { return lanes_busy_; }
  bool nothing_due() const override { return nothing_due_; }

 private:
  // What one claim collects on its way.
  struct Work {
    const ClaimRequest& request;
    std::vector<LaneBook::Entry> entries;  // of the lanes taken
    std::vector<std::string> held_topics;  // the relay's and the operators'
    PostgresBatch::Contents contents;
    bool any_retries = false;
    std::set<std::string> locked_units;  // held for this claim: a row of theirs is locked by others
  };

  void ReadAll(Work& work);
  std::vector<LaneBook::Entry> Take(Work& work, const std::vector<LaneBook::Entry>& wanted);
  void ReadControl(const pqxx::field& field);
  void ReadPlain(Work& work, std::vector<LaneBook::Entry>& careful);
  void ReadCareful(Work& work, std::vector<LaneBook::Entry> lanes);
  void ReadRetries(Work& work, const std::vector<LaneBook::Entry>& lanes);
  // Runs a read and sorts its rows into the batch; lanes it left out because something waits there go
  // to `waiting`.
  void Read(Work& work, const Statement& statement, const std::vector<LaneBook::Entry>& lanes,
            std::vector<LaneBook::Entry>* waiting);
  void FindLocked(Work& work, const LaneBook::Entry& lane, std::int64_t upto, std::size_t first);
  void DropLockedUnits(Work& work);
  void CountSwept(const Work& work);
  std::unique_ptr<Batch> Finish(Work& work);
  void SetMarker();

  const Statements& statements_;
  LaneBook& book_;
  Observer& observer_;
  Connection connection_;
  SharedControl control_;
  int lanes_busy_ = 0;
  bool nothing_due_ = false;
  std::int64_t last_drawn_ = -1;
};

}  // namespace outbox
