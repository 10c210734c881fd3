// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/environment.h"
#include "core/live_settings.h"
#include "core/progress.h"
#include "outbox/observer.h"
#include "outbox/store.h"

namespace outbox {

// Samples the table every ten seconds and deletes sent messages whose retention is over. Has a
// thread and a connection of its own, so that neither waits for deliveries.
class Caretaker {
 public:
  static constexpr milliseconds kSampleEvery{10'000};
  static constexpr milliseconds kPurgeEvery{60'000};
  static constexpr int kPurgeBatch = 1'000;

  Caretaker(OutboxStore& store, Observer& observer, const LiveSettings& live, const Environment& env,
            const Drain& drain)
      : store_(store), observer_(observer), live_(live), env_(env), drain_(drain) {}

  void Run();  // until the drain begins
  const Progress& progress() const { return progress_; }

 private:
  void Once(TimePoint now);
  void Sample();
  bool Purge();  // true: a sample is due, and there may be more to purge
  void PauseUntil(TimePoint until);

  OutboxStore& store_;
  Observer& observer_;
  const LiveSettings& live_;
  const Environment& env_;
  const Drain& drain_;
  Progress progress_;
  std::unique_ptr<StoreKeeper> keeper_;
  TimePoint next_sample_{};
  TimePoint next_purge_{};
};

}  // namespace outbox
