// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "metrics/claim_tally.h"
#include "metrics/counters.h"
#include "metrics/kafka_state.h"
#include "metrics/process.h"
#include "metrics/relay_state.h"
#include "metrics/table_state.h"
#include "metrics/topic_series.h"

namespace outbox {
namespace {

template <std::size_t n>
void Increment(const std::array<prometheus::Counter*, n>& counters, const std::array<double, n>& by) {
  for (std::size_t i = 0; i < n; ++i) counters[i]->Increment(by[i]);
}

void Observe(prometheus::Histogram& histogram, const HistogramTally& tally) {
  if (!tally.empty()) histogram.ObserveMultiple(tally.counts(), tally.sum());
}

void Observe(prometheus::Histogram& histogram, microseconds time) {
  if (time.count() > 0) histogram.Observe(std::chrono::duration<double>(time).count());
}

const char* ClaimResult(const ClaimReport& claim) {
  if (claim.messages.empty()) return "empty";
  return claim.full ? "full" : "partial";
}

const char* ReconnectReason(StoreUnavailable::Reason reason) {
  using enum StoreUnavailable::Reason;
  switch (reason) {
    case kLost:
    case kUnknownCommit:
      return "lost";
    case kReadOnly:
      return "read_only";
    case kTimeout:
      return "timeout";
    case kRowCount:
    case kRights:
    case kSchema:
    case kOther:
      return "other";
  }
  return "other";
}

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

struct Metrics::Parts {
  Parts(const std::string& name, const BuildInfo& build, TimePoint now)
      : outbox(name),
        counters(registry, {{"outbox", name}}, build),
        topics(registry, {{"outbox", name}}),
        state(now) {}

  std::string outbox;
  prometheus::Registry registry;  // owns what the counters point to
  Counters counters;
  TopicSeries topics;
  RelayState state;
  KafkaState kafka;
  TableState table;
  Process process;
};

Metrics::Metrics(const std::string& outbox, const BuildInfo& build, Clock clock)
    : clock_(std::move(clock)), parts_(std::make_unique<Parts>(outbox, build, clock_())) {}

Metrics::~Metrics() = default;

void Metrics::OnClaim(const ClaimReport& claim) {
  Counters& counters = parts_->counters;
  counters.claims[IndexOf(kClaimResults, ClaimResult(claim))]->Increment();
  counters.lanes_busy->Increment(claim.lanes_busy);
  if (!claim.rolled_back.empty()) {
    counters.rollbacks[IndexOf(kRollbackReasons, claim.rolled_back)]->Increment();
  }
  Observe(*counters.claim, claim.claim_time);
  Observe(*counters.publish, claim.publish_time);
  Observe(*counters.settle, claim.settle_time);
  Observe(*counters.transaction, claim.transaction_time);
  if (claim.messages.empty()) return;

  const ClaimTally tally = Tally(claim);
  counters.claimed->Increment(static_cast<double>(claim.messages.size()));
  Increment(counters.returned, tally.returned);
  Increment(counters.duplicates, tally.duplicates);
  const DeadLetterTally& copies = claim.dead_letters;
  Increment(counters.dead_letters, {static_cast<double>(copies.copied), static_cast<double>(copies.postponed),
                                    static_cast<double>(copies.given_up)});
  Observe(*counters.latency, tally.latency);
  parts_->topics.Add(tally.topics, clock_());
  parts_->state.Claimed(tally.sent > 0);
}

void Metrics::OnClaimed(const BatchLoad& load) { parts_->state.AddInFlight(load); }

void Metrics::OnReleased(const BatchLoad& load) {
  parts_->state.AddInFlight({.messages = -load.messages, .bytes = -load.bytes, .lanes = -load.lanes});
}

void Metrics::OnGenerationEnded(std::string_view reason) {
  parts_->counters.generations[IndexOf(kGenerationReasons, reason)]->Increment();
}

void Metrics::OnBreaker(BreakerState state, std::string_view why) {
  if (parts_->state.SetBreaker(state, why, clock_())) parts_->counters.breaker_trips->Increment();
}

void Metrics::OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) {
  parts_->state.PauseTopic(topic, why, detail, clock_());
}

void Metrics::OnTopicResumed(std::string_view topic, TopicPause why) {
  parts_->state.ResumeTopic(topic, why);
}

void Metrics::OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) {
  parts_->state.SetStore(up, reason, detail, clock_());
}

void Metrics::OnStoreReconnected() {
  const char* reason = ReconnectReason(parts_->state.store_reason());
  parts_->counters.reconnects[IndexOf(kReconnectReasons, reason)]->Increment();
}

void Metrics::OnSweep(std::size_t messages_only_it_found) {
  parts_->counters.sweeps->Increment();
  parts_->counters.swept->Increment(static_cast<double>(messages_only_it_found));
}

void Metrics::OnSample(const TableSample& sample) {
  const TimePoint now = clock_();
  double sent = 0;
  for (const TopicFigures& topic : parts_->topics.Figures(now)) sent += static_cast<double>(topic.sent);
  parts_->table.Set(sample, sent, now);
}

void Metrics::OnSampleFailed(std::string_view why) { parts_->table.SetError(why); }

void Metrics::OnPurge(std::int64_t messages) {
  parts_->counters.purged->Increment(static_cast<double>(messages));
  parts_->state.Purged();
}

void Metrics::OnControl(const SharedControl& control) { parts_->state.SetControl(control, clock_()); }

void Metrics::OnProducerFigures(const ProducerFigures& figures) { parts_->kafka.Set(figures, clock_()); }

void Metrics::OnKafkaFatal() { parts_->kafka.CountFatal(); }

void Metrics::SetKafkaUp(bool up) { parts_->kafka.SetUp(up); }

void Metrics::CountLog(LogLevel level) {
  parts_->counters.log_messages[IndexOf(kLogLevels, LevelName(level))]->Increment();
}

bool Metrics::SetSilent(const std::string& until) { return parts_->state.SetSilent(until); }

void Metrics::SetReady(bool ready) { parts_->state.SetReady(ready); }

void Metrics::SetConfigReloaded(bool ok) { parts_->state.SetConfigReloaded(ok); }

std::string Metrics::Text() const {
  FamilyList list(parts_->outbox);
  parts_->state.Write(list);
  parts_->kafka.Write(list, clock_());
  parts_->table.Write(list, clock_());
  parts_->process.Write(list);

  std::vector<prometheus::MetricFamily> families = parts_->registry.Collect();
  std::ranges::move(list.Take(), std::back_inserter(families));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

RelaySnapshot Metrics::Snapshot() const {
  RelaySnapshot snapshot;
  snapshot.topics = parts_->topics.Figures(clock_());
  for (const TopicFigures& topic : snapshot.topics) {
    snapshot.sent += topic.sent;
    snapshot.retries += topic.retries;
    snapshot.failed += topic.failed;
    snapshot.sent_per_second += topic.sent_per_second;
  }
  parts_->state.Fill(snapshot);
  parts_->table.Fill(snapshot);
  snapshot.kafka_up = parts_->kafka.up();
  return snapshot;
}

}  // namespace outbox
