// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_batch.h"

#include <algorithm>

#include "core/kill_point.h"
#include "core/mutant.h"
#include "postgres/text.h"

namespace outbox {

PostgresBatch::~PostgresBatch() {
  if (open_) connection_.Rollback();
  book_.Release(contents_.claim.lanes);
}

void PostgresBatch::Settle(const Settlement& settlement) {
  Write(settlement);
  LowerToUnsettled(settlement);
  const ClaimState& claim = contents_.claim;
  if (Mutant("advance_before_commit") && !claim.trial) {
    book_.Advance(claim.epoch, claim.xid, claim.last_drawn, claim.reads, claim.bound, claim.only);
  }
  KillPoint("settled");
  KillPointDuring("committing");
  connection_.Commit();
  KillPoint("committed");
  open_ = false;
  if (claim.trial) return;
  book_.Advance(claim.epoch, claim.xid, claim.last_drawn, claim.reads, claim.bound, claim.only);
}

void PostgresBatch::Write(const Settlement& settlement) {
  std::vector<std::int64_t> sent;
  for (std::size_t i = 0; i < settlement.outcomes.size(); ++i) {
    if (settlement.outcomes[i] == Outcome::kSent) sent.push_back(contents_.messages[i].id);
  }
  std::vector<std::int64_t> retry, delays, failed;
  std::vector<std::string> retry_errors, failed_errors;
  for (const Refusal& refusal : settlement.refusals) {
    const std::int64_t id = contents_.messages[refusal.index].id;
    if (settlement.outcomes[refusal.index] == Outcome::kRetry) {
      retry.push_back(id);
      delays.push_back(refusal.delay.count());
      retry_errors.push_back(refusal.error);
    } else {
      failed.push_back(id);
      failed_errors.push_back(refusal.error);
    }
  }
  Change(statements_.sent, sent.size(), {ArrayOf(sent)});
  Change(statements_.retry, retry.size(), {ArrayOf(retry), ArrayOf(delays), TextArray(retry_errors)});
  Change(statements_.failed, failed.size(), {ArrayOf(failed), TextArray(failed_errors)});
}

void PostgresBatch::Change(const Statement& statement, std::size_t rows,
                           const std::vector<std::string>& parameters) {
  if (rows == 0) return;
  KillPointDuring("settling");
  const auto result = connection_.Query(statement.name, statement.sql, parameters);
  const auto changed = static_cast<std::size_t>(result.affected_rows());
  if (changed == rows || Mutant("settle_unchecked")) return;
  throw StoreUnavailable(StoreUnavailable::Reason::kRowCount,
                         "settling changed " + std::to_string(changed) + " rows instead of the " +
                             std::to_string(rows) + " that were claimed: did a trigger or a rule interfere?");
}

// A scan start never passes a row that was read and is not settled.
void PostgresBatch::LowerToUnsettled(const Settlement& settlement) {
  for (std::size_t i = 0; i < settlement.outcomes.size(); ++i) {
    const Message& message = contents_.messages[i];
    if (settlement.outcomes[i] != Outcome::kWait || message.retrying) continue;
    for (auto& read : contents_.claim.reads) {
      if (read.lane == message.lane)
        read.unsettled = std::min(read.unsettled.value_or(message.id), message.id);
    }
  }
}

}  // namespace outbox
