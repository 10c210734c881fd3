// SPDX-License-Identifier: Apache-2.0
#include "core/relay.h"

#include <algorithm>

#include "core/forwarding_observer.h"

namespace outbox {
namespace {

constexpr milliseconds kSuperviseEvery{100};
constexpr milliseconds kProbeTimeout{1'000};
constexpr milliseconds kSuperviseLimit{5'000};
constexpr milliseconds kWakeUpTimeout{1'000};
constexpr milliseconds kOverrunAllowed{30'000};

const char* Name(Progress::Step step) {
  switch (step) {
    case Progress::Step::kStarting:
      return "starting";
    case Progress::Step::kConnecting:
      return "connecting";
    case Progress::Step::kClaiming:
      return "claiming";
    case Progress::Step::kPublishing:
      return "publishing";
    case Progress::Step::kSettling:
      return "settling";
    case Progress::Step::kWaiting:
      return "waiting";
    case Progress::Step::kProbing:
      return "probing";
    case Progress::Step::kEnded:
      return "ended";
  }
  return "";
}

std::string Word(const PublisherHealth& health) {
  if (health.cannot_continue) return "producers that were given up do not end";
  std::string word = health.ever_connected ? "has answered" : "no broker has answered yet";
  if (health.trouble.empty() || (health.ever_connected && !health.all_down_since)) return word;
  return word + (health.ever_connected ? ", but now: " : ": ") + health.trouble;
}

}  // namespace

class Relay::Ears : public ForwardingObserver {
 public:
  Ears(Observer& next, Pace& pace, const Environment& env)
      : ForwardingObserver(next), pace_(pace), env_(env) {}

  void OnClaim(const ClaimReport& claim) override {
    drained_ = claim.nothing_due;
    ForwardingObserver::OnClaim(claim);
  }
  void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) override {
    if (up && store_up_.load(std::memory_order_relaxed)) return;  // each claim says so
    {
      const std::scoped_lock lock(mutex_);
      store_up_ = up;
      store_detail_ = detail;
    }
    ForwardingObserver::OnStore(up, reason, detail);
  }
  void OnControl(const SharedControl& control) override {
    {
      const std::scoped_lock lock(mutex_);
      if (!first_on_failed_) first_on_failed_ = control.on_failed;
    }
    ForwardingObserver::OnControl(control);
  }

  void OnBreaker(BreakerState state, std::string_view why) override {
    if (state == BreakerState::kClosed) pace_.OnRecovered(env_.now());
    ForwardingObserver::OnBreaker(state, why);
  }

  bool drained() const { return drained_; }
  std::optional<OnFailed> first_on_failed() const {
    const std::scoped_lock lock(mutex_);
    return first_on_failed_;
  }
  Check Store() const {
    const std::scoped_lock lock(mutex_);
    return {"postgres", store_up_, store_up_ ? "connected" : "not connected: " + store_detail_};
  }

 private:
  Pace& pace_;
  const Environment& env_;
  std::atomic<bool> drained_{false};
  std::atomic<bool> store_up_{false};
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::string store_detail_ = "not tried yet";
  std::optional<OnFailed> first_on_failed_;
};

Relay::Relay(OutboxStore& store, Publisher& publisher, Observer& observer, LiveSettings& live,
             const Environment& env, const Settings& settings)
    : store_(store),
      publisher_(publisher),
      live_(live),
      env_(env),
      settings_(settings),
      pace_(live.Get().pace, settings.outbox.completion != Completion::kLog),
      ears_(std::make_unique<Ears>(observer, pace_, env)),
      shared_(*ears_, live.Get().trip_after),
      turn_(live.Get().poll_min, live.Get().poll_max),
      cadence_(live.Get().cadence),
      caretaker_(store, *ears_, live, env, drain_) {
  for (int i = 0; i < settings_.delivery.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(WorkerContext{.store = store_,
                                                              .publisher = publisher_,
                                                              .observer = *ears_,
                                                              .shared = shared_,
                                                              .turn = turn_,
                                                              .cadence = cadence_,
                                                              .pace = pace_,
                                                              .live = live_,
                                                              .env = env_,
                                                              .drain = drain_,
                                                              .deadline = settings_.delivery.deadline,
                                                              .workers = settings_.delivery.workers}));
  }
}

Relay::~Relay() {
  if (!threads_.empty()) GiveUpNow();
  Stop();
}

void Relay::Start() {
  for (const auto& worker : workers_) threads_.emplace_back([&worker = *worker] { worker.Run(); });
  threads_.emplace_back([this] { caretaker_.Run(); });
  threads_.emplace_back([this] { Supervise(); });
  if (settings_.outbox.wake_up == WakeUp::kNotify) threads_.emplace_back([this] { ListenForWakeUps(); });
}

void Relay::Stop() {
  if (!drain_.begun()) drain_.Begin(env_.now() + live_.Get().shutdown_grace);
  turn_.Stop();
  threads_.clear();  // joins
}

void Relay::GiveUpNow() { drain_.Begin(env_.now()); }

void Relay::OnReload() {
  const Tunables tunables = live_.Get();
  shared_.set_trip_after(tunables.trip_after);
  turn_.set_range(tunables.poll_min, tunables.poll_max);
  cadence_.Set(tunables.cadence);
  pace_.Set(tunables.pace);
}

void Relay::Supervise() {
  while (!drain_.begun()) {
    const TimePoint now = env_.now();
    supervising_.Begin(Progress::Step::kProbing, now, kSuperviseLimit);
    const PublisherHealth health = publisher_.Health();
    if (health.all_down_since) shared_.OnBrokersDown(*health.all_down_since, health.trouble, now);
    if (shared_.BreakerProbeDue(now)) {
      const bool answered = publisher_.Probe(kProbeTimeout);
      shared_.OnBreakerProbe(answered, env_.now());
      if (answered) turn_.Wake();
    }
    if (const auto topic = shared_.TakeTopicProbe(now)) {
      const TopicState state = publisher_.ProbeTopic(*topic, kProbeTimeout);
      shared_.OnTopicProbe(*topic, state == TopicState::kUsable, env_.now());
      turn_.Wake();  // a worker that sleeps would not see the trial
    }
    drain_.SleepUntil(now + kSuperviseEvery);
  }
  supervising_.Begin(Progress::Step::kEnded, env_.now(), milliseconds(0));
}

void Relay::ListenForWakeUps() {
  while (!drain_.begun()) {
    switch (store_.AwaitWakeUp(kWakeUpTimeout)) {
      case WakeUpCall::kCame:
        turn_.Wake();
        break;
      case WakeUpCall::kNone:
        break;
      case WakeUpCall::kDeaf:
        drain_.SleepUntil(env_.now() + kSuperviseEvery);
        break;
    }
  }
}

std::vector<Relay::Check> Relay::Liveness() const {
  std::vector<Check> checks;
  const TimePoint now = env_.now();
  const auto add = [&](const std::string& name, const Progress& progress) {
    const milliseconds overrun = progress.Overrun(now);
    std::string detail = Name(progress.step());
    const bool ok = overrun <= kOverrunAllowed;
    if (!ok) detail += " for " + std::to_string(overrun.count() / 1000) + " s longer than that may take";
    checks.push_back({name, ok, detail});
  };
  for (std::size_t i = 0; i < workers_.size(); ++i)
    add("worker " + std::to_string(i + 1), workers_[i]->progress());
  add("caretaker", caretaker_.progress());
  add("supervisor", supervising_);
  return checks;
}

std::vector<Relay::Check> Relay::Readiness() const {
  std::vector<Check> checks;
  checks.push_back(ears_->Store());
  const PublisherHealth health = publisher_.Health();
  checks.push_back({"kafka", health.ever_connected && !health.cannot_continue, Word(health)});
  const BreakerState breaker = shared_.breaker();
  checks.push_back({"breaker", breaker != BreakerState::kOpen,
                    breaker == BreakerState::kOpen       ? "open"
                    : breaker == BreakerState::kHalfOpen ? "half-open"
                                                         : "closed"});
  if (const std::string until = silent_until(); !until.empty())
    checks.push_back({"cadence", true, "silent " + until});
  checks.push_back({"drain", !drain_.begun(), drain_.begun() ? "shutting down" : "none"});
  return checks;
}

std::string Relay::Conflict() const {
  const auto theirs = ears_->first_on_failed();
  if (!theirs || *theirs == settings_.outbox.on_failed) return {};
  const auto name = [](OnFailed value) { return std::string(value == OnFailed::kSkip ? "skip" : "block"); };
  return "outbox.on_failed is \"" + name(settings_.outbox.on_failed) + "\" here but \"" + name(*theirs) +
         "\" in the database, and all relays of an outbox must agree: change the configuration, or the "
         "database "
         "with `outbox-relay schema apply --on-failed " +
         name(settings_.outbox.on_failed) + " --execute`";
}

bool Relay::drained() const { return ears_->drained(); }

}  // namespace outbox
