// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "core/progress.h"
#include "core/worker_context.h"

namespace outbox {

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
