// SPDX-License-Identifier: Apache-2.0
#include "metrics/counters.h"

#include <prometheus/gauge.h>

#include "metrics/family_list.h"
#include "metrics/metrics.h"

namespace outbox {
namespace {

using prometheus::Counter;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

// Makes series in one registry under the same constant labels.
class Maker {
 public:
  Maker(Registry& registry, const Labels& labels) : registry_(registry), labels_(labels) {}

  Counter* One(const char* name, const char* help) {
    return &CounterFamily(registry_, labels_, name, help).Add({});
  }

  template <std::size_t n>
  std::array<Counter*, n> Each(const std::array<const char*, n>& values, const char* label, const char* name,
                               const char* help) {
    auto& family = CounterFamily(registry_, labels_, name, help);
    std::array<Counter*, n> group;
    for (std::size_t i = 0; i < n; ++i) group[i] = &family.Add({{label, values[i]}});
    return group;
  }

  Histogram* Times(std::span<const double> bounds, const char* name, const char* help) {
    auto& family = prometheus::BuildHistogram()
                       .Name(std::string(kMetricPrefix) + name)
                       .Help(help)
                       .Labels(labels_)
                       .Register(registry_);
    return &family.Add({}, Histogram::BucketBoundaries(bounds.begin(), bounds.end()));
  }

 private:
  Registry& registry_;
  const Labels& labels_;
};

}  // namespace

prometheus::Family<Counter>& CounterFamily(Registry& registry, const Labels& labels, const char* name,
                                           const char* help) {
  return prometheus::BuildCounter()
      .Name(std::string(kMetricPrefix) + name)
      .Help(help)
      .Labels(labels)
      .Register(registry);
}

Counters::Counters(Registry& registry, const Labels& labels, const BuildInfo& build) {
  Maker make(registry, labels);
  claimed =
      make.One("messages_claimed_total", "Messages read under lock; divided by claims: the batch size.");
  returned = make.Each(kReturnReasons, "reason", "messages_returned_total",
                       "Messages that an outage made pending again; no attempt was spent.");
  duplicates =
      make.Each(kDuplicateReasons, "reason", "possible_duplicates_total",
                "Messages that are perhaps in Kafka but are not settled, so they will be sent again. "
                "A relay that is killed counts nothing.");
  claims = make.Each(kClaimResults, "result", "claims_total", "Claims by how much they found.");
  dead_letters =
      make.Each(kDeadLetterResults, "result", "dead_letters_total",
                "Copies of failed messages for a dead letter topic: persisted; not, so the message "
                "stays retrying; not, and the message is failed all the same.");
  generations = make.Each(kGenerationReasons, "reason", "producer_generations_total",
                          "Producers that were given up, with everything that they had in flight.");
  rollbacks =
      make.Each(kRollbackReasons, "reason", "transactions_rolled_back_total",
                "Claims that were not committed; row_count: fewer or more rows settled than claimed.");
  reconnects = make.Each(kReconnectReasons, "reason", "postgres_reconnects_total",
                         "Connections to PostgreSQL that were made anew, by why the last one ended.");
  log_messages = make.Each(kLogLevels, "level", "log_messages_total", "Lines logged.");
  sweeps = make.One("sweeps_total", "Claims that read their lanes from the beginning.");
  swept = make.One("swept_messages_total",
                   "Messages that only a sweep found: a bug, or rows changed behind the relay's back.");
  purged = make.One("messages_purged_total", "Sent messages deleted by retention.");
  lanes_busy =
      make.One("lanes_busy_total", "Lanes with work that were held elsewhere when a claim wanted them.");
  breaker_trips = make.One("breaker_trips_total", "Times that the closed breaker opened.");
  claim = make.Times(StepBuckets(), "claim_duration_seconds",
                     "Taking lanes and reading messages; dead tuples show here first.");
  settle = make.Times(StepBuckets(), "settle_duration_seconds", "Writing the outcomes and committing.");
  transaction = make.Times(StepBuckets(), "transaction_duration_seconds", "BEGIN to the end of a claim.");
  publish = make.Times(PublishBuckets(), "publish_duration_seconds",
                       "A batch's first hand-over to the broker client to its last report.");
  latency = make.Times(LatencyBuckets(), "delivery_latency_seconds",
                       "A message's created_at to the report that its batch is persisted.");
  prometheus::BuildGauge()
      .Name(std::string(kMetricPrefix) + "build_info")
      .Help("Always 1; the labels say what runs.")
      .Labels(labels)
      .Register(registry)
      .Add({{"version", build.version},
            {"revision", build.revision},
            {"librdkafka", build.librdkafka},
            {"libpq", build.libpq}})
      .Set(1);
}

}  // namespace outbox
