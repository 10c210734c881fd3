// SPDX-License-Identifier: Apache-2.0
#include "cli/status_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/version.h"
#include "log/log_observer.h"

namespace outbox {
namespace {

constexpr std::int64_t kExactPending = 2'000;
constexpr std::int64_t kMostOthers = 1'000;
constexpr seconds kSampleLife{60};  // as for the metrics

StatusDuration Ago(TimePoint when, TimePoint now) {
  return std::max(StatusDuration(0), StatusDuration(now - when));
}

RoughCount AtMost(std::int64_t value, std::int64_t most) {
  return {value, value >= most ? RoughCount::Precision::kAtLeast : RoughCount::Precision::kExact};
}

StateStatus StateOf(const RelaySnapshot& relay) {
  if (!relay.store_up) return {"waiting for PostgreSQL", Tone::kBad, relay.store_why};
  if (relay.breaker == BreakerState::kOpen) return {"breaker open", Tone::kBad, relay.breaker_why};
  if (relay.breaker == BreakerState::kHalfOpen)
    return {"breaker half-open", Tone::kWarning, relay.breaker_why};
  if (relay.paused) return {"paused", Tone::kWarning, relay.paused_reason};
  if (!relay.silent_until.empty()) return {"silent", Tone::kGood, relay.silent_until + ", by cadence"};
  if (!relay.paused_topics.empty()) return {"running", Tone::kWarning, "some topics are paused"};
  if (relay.sample && relay.sample->failed > 0)
    return {"running", Tone::kWarning, "messages have failed and wait for an operator"};
  return {"running", Tone::kGood, ""};
}

TableStatus TableOf(const TableSample& sample, StatusDuration sampled) {
  TableStatus table;
  table.pending = {sample.pending, sample.pending > kExactPending ? RoughCount::Precision::kAbout
                                                                  : RoughCount::Precision::kExact};
  table.retrying = AtMost(sample.retrying, kMostOthers);
  table.failed = AtMost(sample.failed, kMostOthers);
  table.blocked_keys = AtMost(sample.blocked_keys, kMostOthers);
  if (sample.lag) table.lag = *sample.lag;
  table.oldest_pending = sample.oldest_pending;
  table.size_bytes = sample.size_bytes;
  table.dead_tuples = sample.dead_tuples;
  if (sample.oldest_transaction) table.oldest_transaction = *sample.oldest_transaction;
  table.sampled = sampled;
  return table;
}

FlowStatus FlowOf(const RelaySnapshot& relay) {
  FlowStatus flow;
  flow.out_per_second = relay.sent_per_second;
  flow.inflight_messages = relay.inflight_messages;
  flow.inflight_bytes = relay.inflight_bytes;
  if (relay.backlog_per_second) {
    flow.in_per_second = std::max(0.0, relay.sent_per_second + *relay.backlog_per_second);
    if (*relay.backlog_per_second < 0 && relay.sample && relay.sample->pending > 0) {
      flow.time_to_empty =
          StatusDuration(static_cast<double>(relay.sample->pending) / -*relay.backlog_per_second);
    }
  }
  return flow;
}

}  // namespace

Status MakeStatus(const std::string& outbox, TimePoint started, const RelaySnapshot& relay,
                  const std::vector<Relay::Check>& readiness) {
  const TimePoint now = std::chrono::steady_clock::now();
  Status status;
  status.outbox = outbox;
  status.version = ThisBuild().version;
  status.uptime = Ago(started, now);
  status.state = StateOf(relay);
  status.connections.push_back({"PostgreSQL", relay.store_up, relay.store_why, Ago(relay.store_since, now)});
  const auto kafka = std::find_if(readiness.begin(), readiness.end(),
                                  [](const auto& check) { return check.name == "kafka"; });
  status.connections.push_back(
      {"Kafka", relay.kafka_up, kafka == readiness.end() ? "" : kafka->detail, StatusDuration(0)});
  status.breaker = Word(relay.breaker);
  if (relay.breaker != BreakerState::kClosed) {
    status.holds.push_back({"everything", "breaker", relay.breaker_why, Ago(relay.breaker_since, now)});
  }
  if (relay.paused)
    status.holds.push_back({"everything", "operator", relay.paused_reason, Ago(relay.paused_since, now)});
  if (!relay.silent_until.empty())
    status.holds.push_back({"everything", "cadence", "silent " + relay.silent_until, StatusDuration(0)});
  for (const auto& topic : relay.paused_topics) {
    status.holds.push_back({"topic " + topic.topic, Word(topic.why), topic.detail, Ago(topic.since, now)});
  }
  status.flow = FlowOf(relay);
  for (const auto& topic : relay.topics) {
    status.topics.push_back({topic.topic, topic.sent, topic.retries, topic.failed, topic.sent_per_second});
  }
  if (relay.sample && now - relay.sampled_at < kSampleLife) {
    status.table = TableOf(*relay.sample, Ago(relay.sampled_at, now));
  } else {
    status.table_unknown = relay.sample_error.empty() ? "not sampled yet" : relay.sample_error;
  }
  return status;
}

std::string MakeStatusLine(const RelaySnapshot& relay, TimePoint now) {
  const auto for_seconds = [now](TimePoint since) {
    return static_cast<std::int64_t>(Ago(since, now).count());
  };
  if (!relay.store_up)
    return fmt::format("waiting for PostgreSQL ({} s): {}", for_seconds(relay.store_since), relay.store_why);
  if (relay.breaker == BreakerState::kOpen) {
    return fmt::format("breaker open ({} s): {}", for_seconds(relay.breaker_since), relay.breaker_why);
  }
  if (relay.paused)
    return fmt::format("paused by an operator ({} s): {}", for_seconds(relay.paused_since),
                       relay.paused_reason);
  const TableSample sample = relay.sample.value_or(TableSample{});
  if (!relay.silent_until.empty())
    return fmt::format("silent {} by cadence: backlog {}, {} failed", relay.silent_until, sample.pending,
                       sample.failed);
  const double lag = sample.lag ? std::chrono::duration<double>(*sample.lag).count() : 0;
  return fmt::format("running: {:.0f} msg/s, backlog {}, lag {:.1f} s, {} failed", relay.sent_per_second,
                     sample.pending, lag, sample.failed);
}

}  // namespace outbox
