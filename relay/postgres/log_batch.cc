// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_batch.h"

namespace outbox {

LogBatch::~LogBatch() {
  if (settled_) return;
  const std::scoped_lock lock(shared_.mutex);
  shared_.window.GiveBack(taken_);
}

void LogBatch::Settle(const Settlement& settlement) {
  settled_ = true;
  {
    const std::scoped_lock lock(shared_.mutex);
    if (!shared_.window.current(taken_)) {
      throw StoreUnavailable(StoreUnavailable::Reason::kLost,
                             "lost the guard of the log while a batch was on its way");
    }
    shared_.window.Settle(taken_, settlement, shared_.control.on_failed);
    shared_.unmoved += taken_.messages.size();
  }
  progress_.TryMove();
}

}  // namespace outbox
