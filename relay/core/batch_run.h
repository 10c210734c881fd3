// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dispatch.h"
#include "core/progress.h"
#include "core/worker_context.h"

namespace outbox {

// One batch from its claim to its commit: it is published, what has failed is copied to the dead letter
// topic, all of it is settled, and the observer is told. Used once, by the worker's thread.
class BatchRun {
 public:
  struct Claimed {
    bool trial = false;
    OnFailed on_failed = OnFailed::kSkip;
    microseconds took{0};
    int lanes_busy = 0;
  };
  enum class End {
    kNoProducer,      // there is none at the moment
    kNothingSettled,  // so the transaction is to be rolled back
    kCommitted,
  };

  BatchRun(const WorkerContext& context, Progress& progress, const Tunables& tunables, Batch& batch,
           Claimed claimed);
  BatchRun(const BatchRun&) = delete;
  BatchRun& operator=(const BatchRun&) = delete;

  // Throws StoreUnavailable if the batch cannot be settled, after telling the observer.
  End Run();

 private:
  // Of the trial of a topic the gates hear, of any other batch the breaker.
  void TellOutcome(const Dispatch& dispatch, TimePoint published);
  void PublishDeadLetters(Dispatch& dispatch);
  bool Settle(const Dispatch& dispatch);

  const WorkerContext& context_;
  Progress& progress_;
  const Tunables& tunables_;
  Batch& batch_;
  const Claimed claimed_;
  ClaimReport report_;
};

}  // namespace outbox
