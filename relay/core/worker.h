// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "core/cadence.h"
#include "core/dispatch.h"
#include "core/environment.h"
#include "core/live_settings.h"
#include "core/pace.h"
#include "core/poll_turn.h"
#include "core/progress.h"
#include "core/shared_state.h"
#include "outbox/observer.h"
#include "outbox/publisher.h"
#include "outbox/settings.h"
#include "outbox/store.h"

namespace outbox {

// What the workers of a relay share. Everything outlives the workers.
struct WorkerContext {
  OutboxStore& store;
  Publisher& publisher;
  Observer& observer;
  SharedState& shared;
  PollTurn& turn;
  Cadence& cadence;
  Pace& pace;
  const LiveSettings& live;
  const Environment& env;
  Drain& drain;
  milliseconds deadline;  // from the claim
  int workers;            // that share the lanes
};

// One claim loop: claim, publish, settle, for ever. Owns its session and its batch. A step that fails
// because the database cannot be used ends the session; the next one is opened after a pause.
class Worker {
 public:
  explicit Worker(WorkerContext context) : context_(context) {}

  void Run();  // returns when the drain has begun and this worker's batch has ended
  const Progress& progress() const { return progress_; }

 private:
  bool EnsureSession();
  void Turn(PollTurn::Kind kind);
  bool Active();  // by cadence
  void Rest(PollTurn::Kind kind, milliseconds pause);
  void Look();
  void Trial(const ClaimRequest::Trial& trial);
  std::unique_ptr<Batch> Claim(const ClaimRequest& request);
  void Deliver(Batch& batch, bool trial);
  DeadLetterTally PublishDeadLetters(const Batch& batch, Dispatch& dispatch);
  bool Settle(Batch& batch, const Dispatch& dispatch, ClaimReport& report);
  void HearControl();
  void OnStoreFailure(const StoreUnavailable& error);
  ClaimRequest Request(const Pace::Grant& grant = {}) const;
  std::optional<Pace::Grant> Leave();
  std::unique_ptr<Batch> ClaimGranted(const Pace::Grant& grant);
  void PauseFor(milliseconds pause);

  WorkerContext context_;
  Progress progress_;
  Tunables tunables_;
  int version_ = 0;
  std::unique_ptr<StoreSession> session_;
  std::optional<SharedControl> control_;  // as last heard
  bool connected_before_ = false;
  int failures_ = 0;  // sessions lost in a row
  // After a settlement that failed, the next claim is half as large, and twice as large after each one
  // that succeeds: a row that can never be settled is found alone, and the others go on. 0: no limit.
  int most_ = 0;
  TimePoint looked_{};  // at the database, without a claim
  microseconds claim_time_{0};
};

}  // namespace outbox
