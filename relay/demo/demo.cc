// SPDX-License-Identifier: Apache-2.0
#include "demo/demo.h"

#include <fmt/format.h>

#include <algorithm>

#include "outbox/store.h"

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;
using Phase = Scenario::Phase;
using Cue = Scenario::Cue;

constexpr milliseconds kHistoryEvery{500};
constexpr std::size_t kHistory = 60;
constexpr milliseconds kRateOver{1'000};
constexpr std::size_t kLatencySteps = 8;
constexpr milliseconds kNewsFor{4'000};   // long enough to be read
constexpr milliseconds kStragglers{500};  // duplicates that are still on their way to the consumer
constexpr milliseconds kGiveUpOnMissing{5'000};
constexpr milliseconds kGiveUp{60'000};

void Push(std::deque<double>& history, double value) {
  history.push_back(value);
  if (history.size() > kHistory) history.pop_front();
}

}  // namespace

Demo::Demo(const DemoStage& stage, int rows_per_second, const Scenario::Times& times)
    : stage_(stage),
      usual_backlog_(std::max(50, rows_per_second / 10)),
      times_(times),
      begin_(Clock::now()),
      ledger_(Producers::kKeys),
      consumer_(stage.brokers, stage.outbox.topic, stage.partitions, ledger_),
      table_(stage.outbox),
      producers_(stage.outbox, rows_per_second, ledger_),
      scenario_(times, begin_),
      moments_{{begin_, {}}},
      next_history_(begin_ + kHistoryEvery) {
  ledger_.SetDisturbed(true);  // until everybody has found everybody
}

void Demo::Step(const RelaySnapshot& relay) {
  if (const std::string error = producers_.error(); !error.empty()) {
    throw StoreUnavailable(StoreUnavailable::Reason::kLost, "a producer could not go on: " + error);
  }
  const TimePoint now = Clock::now();
  Play(now);
  Measure(now, relay);
  figures_.story = Story(now);
}

void Demo::Play(TimePoint now) {
  const bool recovered = scenario_.recovery().has_value();
  const Ledger::Totals totals = ledger_.totals();
  if (!started_ && totals.delivered > 0 && totals.backlog() <= usual_backlog_) {
    started_ = true;
    ledger_.SetDisturbed(scenario_.phase() != Phase::kSteady);
  }
  for (Cue cue; (cue = scenario_.Next(now, ledger_.totals().backlog(), usual_backlog_)) != Cue::kNone;) {
    Obey(cue);
  }
  if (!recovered && scenario_.recovery()) {
    recovered_at_ = now;
    ledger_.SetDisturbed(false);
  }
}

void Demo::Obey(Cue cue) {
  switch (cue) {
    case Cue::kInsertOversized:
      Producers::InsertOversized(stage_.outbox);
      break;
    case Cue::kTakeBrokerAway:
      ledger_.SetDisturbed(true);
      stage_.mock->TakeAway();
      break;
    case Cue::kBringBrokerBack:
      stage_.mock->BringBack();
      break;
    case Cue::kEnd:
      End();
      break;
    case Cue::kNone:
      break;
  }
}

void Demo::End() {
  if (ended_at_) return;
  ended_at_ = Clock::now();
  Obey(scenario_.End(*ended_at_));
  producers_.Stop();
}

void Demo::Measure(TimePoint now, const RelaySnapshot& relay) {
  const TableWatch::Rows rows = table_.Look();
  figures_.elapsed = std::chrono::duration_cast<milliseconds>(now - begin_);
  figures_.length = times_.length;
  figures_.phase = scenario_.phase();
  figures_.totals = ledger_.totals();
  figures_.lag = rows.lag;
  figures_.failed = rows.failed;
  figures_.breaker = relay.breaker;
  figures_.topic_paused = !relay.paused_topics.empty();
  figures_.retries = relay.retries;
  MeasureRates(now);
  MeasureLatency();
  if (!refused_at_ && !rows.failed.empty()) refused_at_ = now;
  highest_backlog_ = std::max(highest_backlog_, figures_.totals.backlog());
  breaker_opened_ = breaker_opened_ || relay.breaker == BreakerState::kOpen;
  if (!ended_at_) return;
  if (rows.unsent > 0) {
    empty_since_.reset();
  } else if (!empty_since_) {
    empty_since_ = now;
  }
  const milliseconds quiet = ledger_.Missing() == 0 ? kStragglers : kGiveUpOnMissing;
  over_ = (empty_since_ && now - *empty_since_ >= quiet) || now - *ended_at_ >= kGiveUp;
}

void Demo::MeasureRates(TimePoint now) {
  moments_.push_back({now, figures_.totals});
  while (moments_.size() > 2 && now - moments_[1].at >= kRateOver) moments_.pop_front();
  const Moment& then = moments_.front();
  const double passed = std::max(0.001, std::chrono::duration<double>(now - then.at).count());
  figures_.in_per_second = static_cast<double>(figures_.totals.committed - then.totals.committed) / passed;
  figures_.out_per_second = static_cast<double>(figures_.totals.delivered - then.totals.delivered) / passed;
  if (now < next_history_) return;
  next_history_ += kHistoryEvery;
  Push(figures_.in_history, figures_.in_per_second);
  Push(figures_.out_history, figures_.out_per_second);
  Push(figures_.backlog_history, static_cast<double>(figures_.totals.backlog()));
}

void Demo::MeasureLatency() {
  latencies_.push_back(ledger_.TakeRecent());
  if (latencies_.size() > kLatencySteps) latencies_.pop_front();
  LatencyHistogram recent;
  for (const auto& step : latencies_) recent += step;
  figures_.p50 = recent.Percentile(0.5);
  figures_.p99 = recent.Percentile(0.99);
}

std::string Demo::Story(TimePoint now) const {
  const auto is_news = [now](const auto& since) { return since && now - *since < kNewsFor; };
  switch (scenario_.phase()) {
    case Phase::kOutage:
      if (figures_.breaker != BreakerState::kClosed) {
        return "The broker is gone, and the breaker is open. The rows wait; no attempt is spent.";
      }
      if (figures_.topic_paused) {
        return "The broker is gone, and its topic is paused. The rows wait; no attempt is spent.";
      }
      return "The broker is gone. Services go on committing rows, and the rows wait.";
    case Phase::kCatchingUp:
      return "The broker is back. The backlog goes out, in order for each key.";
    case Phase::kDraining:
      return "The producers have stopped. What is left in the outbox goes out.";
    case Phase::kSteady:
      break;
  }
  if (is_news(recovered_at_)) {
    return fmt::format("Caught up, {:.1f} s after the broker's return.",
                       std::chrono::duration<double>(*scenario_.recovery()).count());
  }
  if (is_news(refused_at_)) {
    return "A message of 1.2 MB was refused: it is failed, says why, and holds up nothing else.";
  }
  return "Services insert rows in their transactions; what commits is published.";
}

Balance Demo::Close() {
  const TableWatch::Rows rows = table_.Look();
  const auto ours = std::count_if(rows.failed.begin(), rows.failed.end(),
                                  [](const auto& message) { return message.key.starts_with("account-"); });
  const LatencyHistogram latency = ledger_.undisturbed();
  Balance balance;
  balance.totals = ledger_.totals();
  balance.left = rows.unsent;
  balance.lost = std::max<std::int64_t>(0, ledger_.Missing() - ours - rows.unsent);
  balance.failed = rows.failed;
  balance.retries = figures_.retries;
  balance.p50 = latency.Percentile(0.5);
  balance.p99 = latency.Percentile(0.99);
  if (scenario_.outage_happened()) balance.outage = times_.outage;
  balance.highest_backlog = highest_backlog_;
  balance.breaker_opened = breaker_opened_;
  balance.recovery = scenario_.recovery();
  return balance;
}

}  // namespace outbox
