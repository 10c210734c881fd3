// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "outbox/store.h"
#include "postgres/claim_state.h"
#include "postgres/connection.h"
#include "postgres/lane_book.h"
#include "postgres/rows.h"
#include "postgres/statements.h"

namespace outbox {

// One claim's transaction. Its rows and lanes are locked as long as it lives; it moves the relay's
// memory of the lanes only after a COMMIT that is known to have succeeded.
class PostgresBatch : public Batch {
 public:
  struct Contents {
    std::vector<Message> messages;
    std::shared_ptr<Rows> rows;
    ClaimState claim;
    TimePoint claimed_at;
    bool full = false;
  };
  PostgresBatch(Connection& connection, const Statements& statements, LaneBook& book, Contents contents)
      : connection_(connection),
        statements_(statements),
        book_(book),
        contents_(std::move(contents)),
        open_(!contents_.messages.empty()) {}
  ~PostgresBatch() override;

  std::span<const Message> messages() const override { return contents_.messages; }
  std::shared_ptr<const void> memory() const override { return contents_.rows; }
  int lanes() const override { return static_cast<int>(contents_.claim.lanes.size()); }
  bool full() const override { return contents_.full; }
  TimePoint claimed_at() const override { return contents_.claimed_at; }
  void Settle(const Settlement& settlement) override;

 private:
  void Write(const Settlement& settlement);
  void Change(const Statement& statement, std::size_t rows, const std::vector<std::string>& parameters);
  void LowerToUnsettled(const Settlement& settlement);

  Connection& connection_;
  const Statements& statements_;
  LaneBook& book_;
  Contents contents_;
  bool open_;  // the transaction
};

}  // namespace outbox
