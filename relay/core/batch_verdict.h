// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/batch_order.h"
#include "core/environment.h"
#include "core/shared_state.h"
#include "outbox/publisher.h"
#include "outbox/store.h"

namespace outbox {

// What becomes of the messages of one batch, and what the batch as a whole says about the broker.
// Each message is judged once, by its report (see Judge); whatever else a report asks for is passed
// on to what the relay's workers share. Owned by a Dispatch and used by its thread.
class BatchVerdict {
 public:
  BatchVerdict(const BatchOrder& order, Publisher& publisher, SharedState& shared, const Environment& env);

  // Published by an earlier batch whose commit was lost: to be settled only.
  void SettleOnly(std::size_t index);
  void Decide(std::size_t index, Road road, const Report& report);
  // True: later messages of its unit may go on.
  bool DecideAlone(std::size_t index, const Report& report);
  bool decided(std::size_t index) const { return decided_[index]; }
  // All are decided. `tried_long`: long enough for an end without any success to mean an outage.
  void Close(bool generation_ended, bool tried_long, TimePoint now);

  const Settlement& settlement() const { return settlement_; }
  Settlement& settlement() { return settlement_; }  // for DeadLetters
  const std::vector<Report>& reports() const { return reports_; }
  bool anything_settled() const { return anything_settled_; }
  bool persisted() const { return persisted_; }
  bool outage() const { return outage_; }
  bool purged() const { return purged_; }          // some message was, with a producer that was given up
  const std::string& why() const { return why_; }  // of the first report that was not persisted

 private:
  void PassOn(const Message& message, const Report& report);
  std::string Error(const Message& message, const Report& report) const;

  const BatchOrder& order_;
  Publisher& publisher_;
  SharedState& shared_;
  const Environment& env_;

  Settlement settlement_;
  std::vector<bool> decided_;
  std::vector<Report> reports_;
  std::vector<std::string_view> refused_topics_;  // on the main road: these end the generation
  bool anything_settled_ = false;
  bool persisted_ = false;
  bool outage_ = false;
  bool purged_ = false;
  std::string why_;
};

}  // namespace outbox
