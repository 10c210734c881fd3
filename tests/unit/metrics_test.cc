// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

#include <string>
#include <vector>

#include "metrics_sample.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

const std::string kOutbox = R"({outbox="orders"})";

std::string With(const std::string& labels) { return R"({outbox="orders",)" + labels + "}"; }

TEST_CASE("a claim that was sent counts by topic") {
  MetricsSample sample;
  sample.Send({"orders", "orders", "payments"});
  CHECK(sample.Has("outbox_relay_messages_claimed_total" + kOutbox + " 3"));
  CHECK(sample.Has("outbox_relay_claims_total" + With(R"(result="partial")") + " 1"));
  for (const char* name : {"published", "delivered", "sent"}) {
    const std::string metric = "outbox_relay_messages_" + std::string(name) + "_total";
    CHECK(sample.Has(metric + With(R"(topic="orders")") + " 2"));
    CHECK(sample.Has(metric + With(R"(topic="payments")") + " 1"));
  }
  // Topic and payload.
  CHECK(sample.Has("outbox_relay_sent_bytes_total" + With(R"(topic="orders")") + " 28"));
}

TEST_CASE("the latency of a message is its age at the claim and the time to its report") {
  MetricsSample sample;
  sample.Send({"orders", "orders"});
  CHECK(sample.Has("outbox_relay_delivery_latency_seconds_count" + kOutbox + " 2"));
  CHECK(sample.Has("outbox_relay_delivery_latency_seconds_sum" + kOutbox + " 0.5"));
  CHECK(sample.Has("outbox_relay_delivery_latency_seconds_bucket" + With(R"(le="0.25")") + " 2"));
  CHECK(sample.Has("outbox_relay_delivery_latency_seconds_bucket" + With(R"(le="0.05")") + " 0"));
  CHECK(sample.Has("outbox_relay_publish_duration_seconds_count" + kOutbox + " 1"));
  CHECK(sample.Has("outbox_relay_settle_duration_seconds_bucket" + With(R"(le="0.0025")") + " 0"));
  CHECK(sample.Has("outbox_relay_settle_duration_seconds_bucket" + With(R"(le="0.005")") + " 1"));
}

TEST_CASE("an empty claim counts as empty and is no message") {
  MetricsSample sample;
  sample.metrics.OnClaim({.claim_time = milliseconds(1), .lanes_busy = 3});
  CHECK(sample.Has("outbox_relay_claims_total" + With(R"(result="empty")") + " 1"));
  CHECK(sample.Has("outbox_relay_messages_claimed_total" + kOutbox + " 0"));
  CHECK(sample.Has("outbox_relay_lanes_busy_total" + kOutbox + " 3"));
  CHECK_FALSE(sample.Mentions("last_claim_timestamp_seconds"));
}

TEST_CASE("a refusal spends an attempt, whether the message is retried or failed") {
  MetricsSample sample;
  const Report policy{.kind = ReportKind::kRefused, .reason = Reason::kPolicy};
  sample.One(policy, Outcome::kRetry);
  sample.One(policy, Outcome::kFailed);
  const std::string labels = With(R"(reason="policy",topic="orders")");
  CHECK(sample.Has("outbox_relay_attempts_total" + labels + " 2"));
  CHECK(sample.Has("outbox_relay_messages_failed_total" + labels + " 1"));
  CHECK(sample.Has("outbox_relay_retries_total" + With(R"(topic="orders")") + " 1"));
}

TEST_CASE("a message refused in company spends nothing") {
  MetricsSample sample;
  sample.One({.kind = ReportKind::kRefused, .reason = Reason::kPolicy}, Outcome::kWait);
  CHECK(sample.Has("outbox_relay_attempts_total" + With(R"(reason="policy",topic="orders")") + " 0"));
}

TEST_CASE("a message too large to be fetched counts as too large without a report") {
  MetricsSample sample;
  const Message message{.topic = "orders", .oversize = 5'000'000};
  const Outcome outcome = Outcome::kFailed;
  sample.metrics.OnClaim({.messages = {&message, 1}, .outcomes = {&outcome, 1}, .settled = true});
  CHECK(
      sample.Has("outbox_relay_messages_failed_total" + With(R"(reason="too_large",topic="orders")") + " 1"));
  CHECK(sample.Has("outbox_relay_messages_published_total" + With(R"(topic="orders")") + " 0"));
}

TEST_CASE("an outage returns messages, by reason") {
  struct Case {
    Report report;
    std::string reason;
  };
  using enum ReportKind;
  for (const Case& expected :
       std::vector<Case>{{{.kind = kOutage, .reason = Reason::kTimeout}, "timeout"},
                         {{.kind = kOutage, .reason = Reason::kTransport}, "transport"},
                         {{.kind = kOutage, .reason = Reason::kNotEnoughReplicas}, "not_enough_replicas"},
                         {{.kind = kOutage, .reason = Reason::kAuthentication}, "authentication"},
                         {{.kind = kTopicUnknown}, "topic"},
                         {{.kind = kTopicUnauthorized, .reason = Reason::kTopic}, "topic"},
                         {{.kind = kOutage, .reason = Reason::kPurged}, "purged"},
                         {{.kind = kOutage, .reason = Reason::kFatal}, "fatal"},
                         {{.kind = kOutage, .reason = Reason::kShutdown}, "shutdown"},
                         {{.kind = kOutage, .reason = Reason::kOther}, "other"}}) {
    MetricsSample sample;
    sample.One(expected.report, Outcome::kWait);
    INFO(expected.reason);
    CHECK(sample.Has("outbox_relay_messages_returned_total" + With("reason=\"" + expected.reason + "\"") +
                     " 1"));
  }
}

TEST_CASE("possible duplicates count by what is unknown") {
  MetricsSample sample;
  const Report persisted{.kind = ReportKind::kPersisted};
  sample.One({.kind = ReportKind::kOutage, .reason = Reason::kTimeout, .maybe_persisted = true},
             Outcome::kWait);
  sample.One(persisted, std::nullopt, {.rolled_back = "connection_lost"});
  sample.One(persisted, std::nullopt, {.unknown_commit = true});
  sample.One(persisted, Outcome::kSent);
  for (const char* reason : {"unknown_report", "lost_transaction", "unknown_commit"}) {
    INFO(reason);
    CHECK(sample.Has("outbox_relay_possible_duplicates_total" +
                     With("reason=\"" + std::string(reason) + "\"") + " 1"));
  }
  CHECK(
      sample.Has("outbox_relay_transactions_rolled_back_total" + With(R"(reason="connection_lost")") + " 1"));
}

TEST_CASE("the hundred and first topic shares a series") {
  MetricsSample sample;
  CHECK(sample.Has("outbox_relay_messages_sent_total" + With(R"(topic="_other")") + " 0"));
  for (int i = 0; i < 102; ++i) sample.Send({"t" + std::to_string(i)});
  sample.Send({"t0"});
  CHECK(sample.Has("outbox_relay_messages_sent_total" + With(R"(topic="t0")") + " 2"));
  CHECK(sample.Has("outbox_relay_messages_sent_total" + With(R"(topic="t99")") + " 1"));
  CHECK(sample.Has("outbox_relay_messages_sent_total" + With(R"(topic="_other")") + " 2"));
  CHECK_FALSE(sample.Mentions("t100"));
}

TEST_CASE("a hostile topic name cannot forge a line") {
  MetricsSample sample;
  sample.Send({"a\"} 1\nforged 1\n\\"});
  CHECK(sample.Has("outbox_relay_messages_sent_total" + With("topic=\"a\\\"} 1\\nforged 1\\n\\\\\"") + " 1"));
}

TEST_CASE("the ages of the table grow until they vanish after a minute") {
  MetricsSample sample;
  CHECK_FALSE(sample.Mentions("outbox_relay_lag_seconds"));
  sample.metrics.OnSample(
      {.pending = 5, .lag = seconds(2), .oldest_pending = seconds(3), .schema_version = "1"});
  CHECK(sample.Has("outbox_relay_lag_seconds" + kOutbox + " 2"));
  sample.now += seconds(60);
  CHECK(sample.Has("outbox_relay_lag_seconds" + kOutbox + " 62"));
  CHECK(sample.Has("outbox_relay_oldest_pending_age_seconds" + kOutbox + " 63"));
  CHECK(sample.Has("outbox_relay_outbox_messages" + With(R"(status="pending")") + " 5"));
  sample.now += milliseconds(1);
  for (const char* gone : {"lag_seconds", "oldest_pending_age", "outbox_messages", "blocked_keys",
                           "outbox_size", "dead_tuples"}) {
    INFO(gone);
    CHECK_FALSE(sample.Mentions(gone));
  }
  // What tells that samples are missing must not go missing with them.
  CHECK(sample.Mentions("outbox_relay_sample_last_success_timestamp_seconds"));
}

TEST_CASE("a lag of zero does not grow, an unknown one is absent") {
  MetricsSample sample;
  sample.metrics.OnSample({.lag = microseconds(0)});
  sample.now += seconds(30);
  CHECK(sample.Has("outbox_relay_lag_seconds" + kOutbox + " 0"));
  sample.metrics.OnSample({.lag = std::nullopt});
  CHECK_FALSE(sample.Mentions("outbox_relay_lag_seconds"));
  CHECK_FALSE(sample.Mentions("oldest_transaction"));
}

TEST_CASE("the breaker trips once however often it opens again") {
  MetricsSample sample;
  for (const auto state : {BreakerState::kOpen, BreakerState::kHalfOpen, BreakerState::kOpen}) {
    sample.metrics.OnBreaker(state, "no broker");
  }
  CHECK(sample.Has("outbox_relay_breaker_trips_total" + kOutbox + " 1"));
  CHECK(sample.Has("outbox_relay_breaker_state" + With(R"(state="open")") + " 1"));
  CHECK(sample.Has("outbox_relay_breaker_state" + With(R"(state="closed")") + " 0"));
}

TEST_CASE("a topic paused for two reasons is resumed when both are gone") {
  MetricsSample sample;
  sample.metrics.OnTopicPaused("orders", TopicPause::kUnknownTopic, "no such topic");
  sample.metrics.OnControl({.paused_topics = {"orders"}});
  CHECK(sample.Has("outbox_relay_topics_paused" + With(R"(reason="unknown_topic")") + " 1"));
  CHECK(sample.Has("outbox_relay_topics_paused" + With(R"(reason="operator")") + " 1"));
  sample.metrics.OnControl({});
  CHECK(sample.Has("outbox_relay_topics_paused" + With(R"(reason="operator")") + " 0"));
  CHECK(sample.metrics.Snapshot().paused_topics.size() == 1);
  sample.metrics.OnTopicResumed("orders", TopicPause::kUnknownTopic);
  CHECK(sample.metrics.Snapshot().paused_topics.empty());
}

TEST_CASE("counts of producers add up over their lives") {
  MetricsSample sample;
  const auto report = [&](bool main, bool up, std::int64_t disconnects) {
    sample.metrics.OnProducerFigures({.main = main,
                                      .queued_messages = 10,
                                      .epoch_bumps = 1,
                                      .brokers = {{.name = "b1", .up = up, .disconnects = disconnects}}});
  };
  report(true, true, 2);
  report(true, true, 1);
  report(false, false, 1);
  CHECK(sample.Has("outbox_relay_kafka_disconnects_total" + With(R"(broker="b1")") + " 4"));
  CHECK(sample.Has("outbox_relay_kafka_producer_epochs_total" + kOutbox + " 3"));
  CHECK(sample.Has("outbox_relay_kafka_queue_messages" + kOutbox + " 20"));
  CHECK(sample.Has("outbox_relay_kafka_broker_up" + With(R"(broker="b1")") + " 1"));
  // The first one has ended, and the second one never reached the broker.
  sample.now += seconds(20);
  report(false, false, 0);
  CHECK(sample.Has("outbox_relay_kafka_disconnects_total" + With(R"(broker="b1")") + " 4"));
  CHECK(sample.Has("outbox_relay_kafka_queue_messages" + kOutbox + " 10"));
  CHECK(sample.Has("outbox_relay_kafka_broker_up" + With(R"(broker="b1")") + " 0"));
}

TEST_CASE("a reconnect counts by why the connection ended") {
  MetricsSample sample;
  sample.metrics.OnStore(false, StoreUnavailable::Reason::kReadOnly, "read-only");
  CHECK(sample.Has("outbox_relay_postgres_up" + kOutbox + " 0"));
  sample.metrics.OnStore(true, StoreUnavailable::Reason::kOther, "");
  sample.metrics.OnStoreReconnected();
  CHECK(sample.Has("outbox_relay_postgres_up" + kOutbox + " 1"));
  CHECK(sample.Has("outbox_relay_postgres_reconnects_total" + With(R"(reason="read_only")") + " 1"));
}

TEST_CASE("in flight is what was claimed and not released") {
  MetricsSample sample;
  sample.metrics.OnClaimed({.messages = 10, .bytes = 1000, .lanes = 6});
  sample.metrics.OnClaimed({.messages = 5, .bytes = 500, .lanes = 2});
  sample.metrics.OnReleased({.messages = 10, .bytes = 1000, .lanes = 6});
  CHECK(sample.Has("outbox_relay_inflight_messages" + kOutbox + " 5"));
  CHECK(sample.Has("outbox_relay_inflight_bytes" + kOutbox + " 500"));
  CHECK(sample.Has("outbox_relay_lanes_held" + kOutbox + " 2"));
}

TEST_CASE("the snapshot has rates over the last minute, the busiest topic first") {
  MetricsSample sample;
  sample.Send({"slow"});
  for (int second = 0; second < 60; ++second) {
    sample.Send({"busy", "busy"});
    sample.now += seconds(1);
  }
  const RelaySnapshot snapshot = sample.metrics.Snapshot();
  REQUIRE(snapshot.topics.size() == 2);
  CHECK(snapshot.topics[0].topic == "busy");
  CHECK(snapshot.topics[0].sent == 120);
  CHECK(snapshot.topics[0].sent_per_second == Approx(2.0).epsilon(0.1));
  CHECK(snapshot.sent == 121);
  sample.now += seconds(61);
  CHECK(sample.metrics.Snapshot().sent_per_second == 0);
}

TEST_CASE("the snapshot says how fast the backlog changes and what is wrong since when") {
  MetricsSample sample;
  sample.metrics.OnSample({.pending = 1000});
  const TimePoint lost = sample.now += seconds(10);
  sample.metrics.OnSample({.pending = 900});
  sample.metrics.OnStore(true, StoreUnavailable::Reason::kOther, "");
  sample.metrics.OnStore(false, StoreUnavailable::Reason::kLost, "connection refused");
  sample.now += seconds(5);
  sample.metrics.OnStore(false, StoreUnavailable::Reason::kLost, "still refused");
  const RelaySnapshot snapshot = sample.metrics.Snapshot();
  CHECK(snapshot.backlog_per_second == -10.0);
  CHECK(snapshot.sample->pending == 900);
  CHECK_FALSE(snapshot.store_up);
  CHECK(snapshot.store_why == "still refused");
  CHECK(snapshot.store_since == lost);
}

TEST_CASE("the history is the last half hour of samples, the oldest first") {
  MetricsSample sample;
  sample.metrics.OnSample({.pending = 7, .lag = seconds(1)});
  CHECK(sample.metrics.Snapshot().history.at(0).pending == 7);
  CHECK(sample.metrics.Snapshot().history.at(0).sent_per_second == 0);
  sample.Send({"orders", "orders", "payments", "payments", "payments"});
  sample.now += seconds(10);
  sample.metrics.OnSample({.pending = 8});
  CHECK(sample.metrics.Snapshot().history.at(1).sent_per_second == 0.5);
  for (int i = 0; i < 179; ++i) {
    sample.now += seconds(10);
    sample.metrics.OnSample({.pending = i});
  }
  const auto history = sample.metrics.Snapshot().history;
  REQUIRE(history.size() == 180);
  CHECK(history.front().pending == 8);
  CHECK_FALSE(history.front().lag);
  CHECK(history.back().pending == 178);
  CHECK(history.back().at == sample.now);
}

}  // namespace
}  // namespace outbox::test
