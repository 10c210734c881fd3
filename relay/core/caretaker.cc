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
      PauseUntil(std::min(next_sample_, purges_ ? next_purge_ : next_sample_));
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
    observer_.OnSample(keeper_->Sample());
    next_sample_ = now + kSampleEvery;
  }
  if (purges_ && now >= next_purge_) {
    Purge();
    next_purge_ = now + kPurgeEvery;
  }
}

// Rests as long as each batch took, so that purging never takes more than half of one connection.
void Caretaker::Purge() {
  const auto retention = live_.Get().retention;
  if (!retention) return;
  for (bool more = true; more && !drain_.begun();) {
    const TimePoint begin = env_.now();
    progress_.Begin(Progress::Step::kSettling, begin, kLimit);
    const auto purged = keeper_->Purge(*retention, kPurgeBatch);
    observer_.OnPurge(purged.messages);
    more = purged.more;
    const TimePoint end = env_.now();
    if (end >= next_sample_) return;  // the rest follows: next_purge_ is set by the caller
    if (more) PauseUntil(end + (end - begin));
  }
}

void Caretaker::PauseUntil(TimePoint until) {
  progress_.Begin(Progress::Step::kWaiting, env_.now(), milliseconds(0));
  drain_.SleepUntil(until);
}

}  // namespace outbox
