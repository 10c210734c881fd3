// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <span>
#include <vector>

#include "outbox/observer.h"
#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/lane_book.h"
#include "postgres/postgres_batch.h"
#include "postgres/statements.h"

namespace outbox {

// A worker's connection. A claim is one transaction of a few statements; the order of these is what
// the promise rests on:
//
//   take    the lanes' locks, and before our own xid exists, the last id that was drawn
//   read    in later statements, because a lock does not make its own statement's snapshot newer
//           (LaneReader)
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
  using Contents = PostgresBatch::Contents;
  using Lanes = std::vector<LaneBook::Entry>;

  void PlanStatements();
  void Fill(const ClaimRequest& request, bool look_first, Contents& contents);
  // Runs the take statement and hears what it tells. Null: what we remembered was of another past, and
  // this claim ends.
  Lanes LanesFor(const ClaimRequest& request, const std::vector<std::string>& held_topics, TimePoint now);
  std::optional<pqxx::row> Ask(const Lanes& wanted, int most);
  bool AnyWork(const Lanes& wanted);
  Lanes Take(const ClaimRequest& request, const Lanes& wanted, Contents& contents);
  void CountSwept(const Lanes& lanes, std::span<const Message> messages);
  std::unique_ptr<Batch> Finish(Contents contents);
  void SetMarker();

  const Statements& statements_;
  LaneBook& book_;
  Observer& observer_;
  Connection connection_;
  SharedControl control_;
  bool planned_ = false;
  int lanes_busy_ = 0;
  bool nothing_due_ = false;
};

}  // namespace outbox
