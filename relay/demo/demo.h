// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "demo/consumer.h"
#include "demo/figures.h"
#include "demo/ledger.h"
#include "demo/mock_broker.h"
#include "demo/producers.h"
#include "demo/scenario.h"
#include "demo/table_watch.h"
#include "metrics/snapshot.h"

namespace outbox {

// What a demo is played on.
struct DemoStage {
  OutboxAddress outbox;
  std::string brokers;
  int partitions = 12;
  MockBroker* mock = nullptr;  // null: somebody's real broker, which stays where it is
};

// Producers on one side of a running relay, a consumer on the other, and the books between them.
// Used by one thread; the first row is inserted by the constructor's end.
class Demo {
 public:
  Demo(const DemoStage& stage, int rows_per_second, const Scenario::Times& times);

  // To be called a few times a second. `relay`: what it knows of itself. Throws StoreUnavailable if the
  // database is gone.
  void Step(const RelaySnapshot& relay);
  // The producers stop, and what is in the outbox goes out.
  void End();
  bool ending() const { return figures_.phase == Scenario::Phase::kDraining; }
  bool over() const { return over_; }

  const Figures& figures() const { return figures_; }
  Balance Close();  // once the relay has stopped

 private:
  struct Moment {
    TimePoint at;
    Ledger::Totals totals;
  };

  void Play(TimePoint now);
  void Obey(Scenario::Cue cue);
  void Measure(TimePoint now, const RelaySnapshot& relay);
  void MeasureRates(TimePoint now);
  void MeasureLatency();
  std::string Story(TimePoint now) const;

  const DemoStage stage_;
  const int usual_backlog_;
  const Scenario::Times times_;
  const TimePoint begin_;
  Ledger ledger_;
  Consumer consumer_;
  TableWatch table_;
  Producers producers_;
  Scenario scenario_;
  Figures figures_;
  std::deque<Moment> moments_;              // of the last second
  std::deque<LatencyHistogram> latencies_;  // of the last seconds, one a step
  TimePoint next_history_;
  std::optional<TimePoint> refused_at_;
  std::optional<TimePoint> recovered_at_;
  std::optional<TimePoint> empty_since_;
  std::optional<TimePoint> ended_at_;
  std::int64_t highest_backlog_ = 0;
  bool started_ = false;  // the first rows came out
  bool breaker_opened_ = false;
  bool over_ = false;
};

}  // namespace outbox
