// SPDX-License-Identifier: Apache-2.0
#include "core/worker.h"

#include <algorithm>

#include "core/batch_run.h"

namespace outbox {
namespace {

constexpr milliseconds kConnectLimit{30'000};
constexpr milliseconds kTinyPause{20};
constexpr milliseconds kSilentPause{200};  // by cadence
constexpr milliseconds kLookEvery{1'000};
constexpr int kHalfOpenBatch = 20;
const Backoff kReconnect{.initial = milliseconds(50), .max = milliseconds(2'000)};

}  // namespace

void Worker::Run() {
  while (!context_.drain.begun()) {
    if (!EnsureSession()) continue;
    if (version_ != context_.live.version()) {
      version_ = context_.live.version();
      tunables_ = context_.live.Get();
    }
    try {
      if (const auto trial = Active() ? context_.shared.TakeTrial(context_.env.now()) : std::nullopt) {
        context_.turn.HandOn();
        Trial(*trial);
        continue;
      }
      progress_.Begin(Progress::Step::kWaiting, context_.env.now(), milliseconds(0));
      const PollTurn::Kind kind = context_.turn.Await();
      if (kind == PollTurn::Kind::kStop) break;
      Turn(kind);
      failures_ = 0;
    } catch (const StoreUnavailable& error) {
      OnStoreFailure(error);
    }
  }
  session_.reset();
  progress_.Begin(Progress::Step::kEnded, context_.env.now(), milliseconds(0));
}

bool Worker::EnsureSession() {
  if (session_) return true;
  progress_.Begin(Progress::Step::kConnecting, context_.env.now(), kConnectLimit);
  try {
    session_ = context_.store.Connect();
    context_.cadence.KeepOn(context_.env.now());  // it may have taken long
    if (connected_before_) context_.observer.OnStoreReconnected();
    connected_before_ = true;
    return true;
  } catch (const StoreUnavailable& error) {
    OnStoreFailure(error);
    return false;
  }
}

void Worker::OnStoreFailure(const StoreUnavailable& error) {
  session_.reset();
  ++failures_;
  const milliseconds pause = kReconnect.Jittered(failures_, context_.env.random());
  context_.cadence.KeepOn(context_.env.now() + pause);
  context_.observer.OnStore(false, error.reason(), error.what());
  PauseFor(pause);
}

void Worker::PauseFor(milliseconds pause) {
  progress_.Begin(Progress::Step::kWaiting, context_.env.now(), milliseconds(0));
  context_.drain.SleepUntil(context_.env.now() + pause);
}

ClaimRequest Worker::Request(const Pace::Grant& grant) const {
  ClaimRequest request;
  request.messages = most_ > 0 ? std::min(most_, tunables_.batch_messages) : tunables_.batch_messages;
  request.bytes = tunables_.batch_bytes;
  request.max_payload = tunables_.max_payload;
  request.lanes = most_ == 1 ? 1 : (kLanes + context_.workers - 1) / context_.workers;
  request.held_topics = context_.shared.held_topics();
  if (context_.shared.breaker() == BreakerState::kHalfOpen)
    request.messages = std::min(request.messages, kHalfOpenBatch);
  if (!context_.pace.on()) return request;
  request.messages = static_cast<int>(std::min<std::int64_t>(request.messages, grant.messages));
  request.bytes = std::min(request.bytes, grant.bytes);
  request.exact = grant.limited;
  request.apart_topics = context_.pace.apart();
  if (!grant.topic.empty()) request.only = grant.topic;
  return request;
}

// By pace, to make one claim.
std::optional<Pace::Grant> Worker::Leave() {
  if (!context_.pace.on()) return Pace::Grant{};
  return context_.pace.Take(context_.env.now(), context_.shared.held_topics());
}

std::unique_ptr<Batch> Worker::ClaimGranted(const Pace::Grant& grant) {
  try {
    auto batch = Claim(Request(grant));
    context_.pace.Spent(
        grant, {.messages = batch->messages(), .full = batch->full(), .nothing_due = session_->nothing_due()},
        context_.env.now());
    return batch;
  } catch (...) {
    context_.pace.Spent(grant, {}, context_.env.now());
    throw;
  }
}

// One claim with the turn to poll; the turn is handed on as soon as the claim has returned.
void Worker::Turn(PollTurn::Kind kind) {
  if (!Active()) return Rest(kind, kSilentPause);
  if (!context_.shared.Admit()) {
    context_.cadence.KeepOn(context_.env.now());
    return Rest(kind, kTinyPause);
  }
  const auto grant = Leave();
  if (!grant) {
    context_.shared.OnUndecided();
    context_.cadence.KeepOn(context_.env.now());
    return Rest(kind, kTinyPause);
  }
  std::unique_ptr<Batch> batch;
  try {
    batch = ClaimGranted(*grant);
  } catch (...) {
    context_.shared.OnUndecided();
    context_.turn.Done(kind, PollTurn::Found::kFailed);
    throw;
  }
  if (batch->full()) context_.cadence.KeepOn(context_.env.now());
  const bool empty = batch->messages().empty();
  // After one topic found nothing the others are not to wait.
  context_.turn.Done(kind, batch->full() && !grant->limited ? PollTurn::Found::kMore
                           : empty && grant->topic.empty()  ? PollTurn::Found::kNothing
                                                            : PollTurn::Found::kSome);
  if (empty) {
    const bool nothing_due = context_.pace.on() ? context_.pace.nothing_due() : session_->nothing_due();
    // Perhaps all that is due is held; whoever waits for a trial waits for the breaker to close.
    if (!control_->paused) context_.shared.OnNothingDue(context_.env.now());
    context_.shared.OnUndecided();
    context_.observer.OnClaim({.claim_time = claim_time_,
                               .lanes = batch->lanes(),
                               .lanes_busy = session_->lanes_busy(),
                               .nothing_due = nothing_due});
    return;
  }
  Deliver(*batch, false);
}

bool Worker::Active() { return context_.cadence.Active(context_.env.now(), context_.env.time_of_day); }

// The turn passes without a claim.
void Worker::Rest(PollTurn::Kind kind, milliseconds pause) {
  context_.turn.Done(kind, PollTurn::Found::kFailed);
  Look();
  PauseFor(pause);
}

// While nothing is claimed, whether the database is there and what operators want is still to be known.
void Worker::Look() {
  const TimePoint now = context_.env.now();
  if (now - looked_ < kLookEvery) return;
  looked_ = now;
  ClaimRequest request = Request();
  request.lanes = 0;
  Claim(request);
}

void Worker::Trial(const ClaimRequest::Trial& trial) {
  ClaimRequest request = Request();
  request.messages = 1;
  request.trial = trial;
  request.held_topics.clear();
  try {
    const auto batch = Claim(request);
    if (!batch->messages().empty()) {
      Deliver(*batch, true);
    } else if (session_->lanes_busy() > 0 || control_->paused) {
      context_.shared.PostponeTrial(trial.topic, context_.env.now());
    } else {
      // Nothing is left to try: the topic is usable until proven otherwise.
      context_.shared.OnTrial(trial.topic, true, context_.env.now());
    }
  } catch (...) {
    context_.shared.OnTrial(trial.topic, false, context_.env.now());
    throw;
  }
}

std::unique_ptr<Batch> Worker::Claim(const ClaimRequest& request) {
  const TimePoint begin = context_.env.now();
  progress_.Begin(Progress::Step::kClaiming, begin, kStatementLimit);
  auto batch = session_->Claim(request);
  claim_time_ = Since(begin, context_.env.now());
  context_.observer.OnStore(true, {}, {});
  HearControl();
  return batch;
}

void Worker::HearControl() {
  if (control_ == session_->control()) return;
  control_ = session_->control();
  context_.observer.OnControl(*control_);
}

void Worker::Deliver(Batch& batch, bool trial) {
  BatchRun run(context_, progress_, tunables_, batch,
               {.trial = trial,
                .on_failed = control_->on_failed,
                .took = claim_time_,
                .lanes_busy = session_->lanes_busy()});
  try {
    switch (run.Run()) {
      case BatchRun::End::kNoProducer:
        return PauseFor(kTinyPause);
      case BatchRun::End::kNothingSettled:
        return;
      case BatchRun::End::kCommitted:
        most_ = most_ * 2 < tunables_.batch_messages ? most_ * 2 : 0;
        return;
    }
  } catch (const StoreUnavailable& error) {
    if (error.reason() != StoreUnavailable::Reason::kLost)
      most_ = std::max(1, static_cast<int>(batch.messages().size()) / 2);
    throw;
  }
}

}  // namespace outbox
