// SPDX-License-Identifier: Apache-2.0
#include "core/caretaker.h"

#include <algorithm>

namespace outbox {
namespace {

constexpr milliseconds kLimit{60'000};
constexpr milliseconds kAfterFailure{2'000};

}  // namespace

void Caretaker::Run() {
  while (!drain_.begun()) {
    const TimePoint now = env_.now();
    try {
      progress_.Begin(Progress::Step::kConnecting, now, kLimit);
      if (!keeper_) keeper_ = store_.ConnectKeeper();
      Once(now);
      PauseUntil(std::min(next_sample_, next_purge_));
    } catch (const StoreUnavailable& error) {
      keeper_.reset();
      observer_.OnSampleFailed(error.what());
      PauseUntil(env_.now() + kAfterFailure);
    }
  }
  keeper_.reset();
  progress_.Begin(Progress::Step::kEnded, env_.now(), milliseconds(0));
}

void Caretaker::Once(TimePoint now) {
  if (now >= next_sample_) {
    progress_.Begin(Progress::Step::kClaiming, now, kLimit);
    Sample();
    next_sample_ = now + kSampleEvery;
  }
  if (now >= next_purge_) {
    const bool more = Purge();
    next_purge_ = more ? now : now + kPurgeEvery;
  }
}

// First, since it tells how much room there is where none can be made. But room is made in any case: without
// any, inserts fail in the end.
void Caretaker::Sample() {
  try {
    observer_.OnSample(keeper_->Sample());
  } catch (const StoreUnavailable&) {
    keeper_ = store_.ConnectKeeper();
    keeper_->MakeRoom();
    throw;
  }
  keeper_->MakeRoom();
}

// Rests as long as each batch took, so that purging never takes more than half of one connection.
// Also where settled rows are deleted: some may have been marked before the mode was changed.
bool Caretaker::Purge() {
  const auto retention = live_.Get().retention;
  if (!retention) return false;
  bool more = true;
  while (more && !drain_.begun()) {
    const TimePoint begin = env_.now();
    progress_.Begin(Progress::Step::kSettling, begin, kLimit);
    const auto purged = keeper_->Purge(*retention, kPurgeBatch);
    observer_.OnPurge(purged.messages);
    more = purged.more;
    const TimePoint end = env_.now();
    if (end >= next_sample_) break;
    if (more) PauseUntil(end + (end - begin));
  }
  return more;
}

void Caretaker::PauseUntil(TimePoint until) {
  progress_.Begin(Progress::Step::kWaiting, env_.now(), milliseconds(0));
  drain_.SleepUntil(until);
}

}  // namespace outbox
