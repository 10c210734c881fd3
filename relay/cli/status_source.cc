// SPDX-License-Identifier: Apache-2.0
#include "cli/status_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>

#include "cli/version.h"
#include "http/format.h"
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
  table.ids_left = sample.ids_left;
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

// One word of a shell's command; topics may have any name.
std::string ShellWord(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("._-/").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string RemedyOf(const PausedTopic& topic, const StatusOwner& owner) {
  switch (topic.why) {
    case TopicPause::kOperator:
      return owner.command + " resume --topic " + ShellWord(topic.topic);
    case TopicPause::kUnknownTopic:
    case TopicPause::kAuthorization:
    case TopicPause::kSuspected:
      return owner.command + " doctor";
  }
  return {};
}

std::vector<HoldStatus> HoldsOf(const StatusOwner& owner, const RelaySnapshot& relay, TimePoint now) {
  std::vector<HoldStatus> holds;
  if (relay.breaker != BreakerState::kClosed)
    holds.push_back({"everything", "breaker", relay.breaker_why, Ago(relay.breaker_since, now), ""});
  if (relay.paused) {
    holds.push_back({"everything", "operator", relay.paused_reason, Ago(relay.paused_since, now),
                     owner.command + " resume"});
  }
  if (!relay.silent_until.empty())
    holds.push_back({"everything", "cadence", "silent " + relay.silent_until, StatusDuration(0), ""});
  for (const PausedTopic& topic : relay.paused_topics) {
    holds.push_back({"topic " + topic.topic, Word(topic.why), topic.detail, Ago(topic.since, now),
                     RemedyOf(topic, owner)});
  }
  return holds;
}

// Topics that this relay has served since it started, then others that have messages pending.
std::vector<TopicStatus> TopicsOf(const RelaySnapshot& relay, const TableSample* sample) {
  std::vector<TopicStatus> topics;
  for (const TopicFigures& topic : relay.topics) {
    topics.push_back({.topic = topic.topic,
                      .sent = topic.sent,
                      .retries = topic.retries,
                      .failed = topic.failed,
                      .sent_per_second = topic.sent_per_second});
    if (sample != nullptr && sample->topics_complete) topics.back().pending = RoughCount{};
  }
  if (sample == nullptr) return topics;
  double looked_at = 0;
  for (const TopicBacklog& backlog : sample->topics) looked_at += static_cast<double>(backlog.pending);
  for (const TopicBacklog& backlog : sample->topics) {
    auto found = std::find_if(topics.begin(), topics.end(),
                              [&](const TopicStatus& topic) { return topic.topic == backlog.topic; });
    if (found == topics.end()) found = topics.insert(topics.end(), TopicStatus{.topic = backlog.topic});
    const double share = static_cast<double>(backlog.pending) / looked_at;
    found->pending = sample->topics_complete
                         ? RoughCount{backlog.pending}
                         : RoughCount{std::llround(share * static_cast<double>(sample->pending)),
                                      RoughCount::Precision::kAbout};
    found->oldest = backlog.oldest;
  }
  return topics;
}

std::string TopicsNote(const TableSample* sample) {
  if (sample == nullptr || sample->topics_complete || sample->topics.empty()) return {};
  std::int64_t looked_at = 0;
  for (const TopicBacklog& backlog : sample->topics) looked_at += backlog.pending;
  return fmt::format("Pending is estimated from {} of the oldest messages.", FormatCount(looked_at));
}

std::vector<RefusedStatus> RefusedOf(const StatusOwner& owner, const TableSample& sample,
                                     StatusDuration sampled) {
  std::vector<RefusedStatus> refused;
  for (const RefusedMessage& message : sample.refused) {
    refused.push_back(
        {.id = message.id,
         .topic = message.topic,
         .key_hash = message.key_hash,
         .failed = message.failed,
         .holds_key = !message.key_hash.empty() && (!message.failed || owner.on_failed == OnFailed::kBlock),
         .attempts = message.attempts,
         .age = message.age + sampled,
         .due_in = message.due_in - sampled,
         .error = message.error,
         .remedy = fmt::format("{} retry {}", owner.command, message.id)});
  }
  return refused;
}

}  // namespace

std::string CommandOf(const ConfigRequest& request) {
  if (!request.file.empty()) return "outbox-relay -c " + ShellWord(request.file);
  if (!request.name.empty()) return "outbox-relay -n " + ShellWord(request.name);
  return "outbox-relay";
}

Status MakeStatus(const StatusOwner& owner, const RelaySnapshot& relay,
                  const std::vector<Relay::Check>& readiness) {
  const TimePoint now = std::chrono::steady_clock::now();
  const bool fresh = relay.sample && now - relay.sampled_at < kSampleLife;
  const TableSample* sample = fresh ? &*relay.sample : nullptr;
  Status status;
  status.outbox = owner.outbox;
  status.version = ThisBuild().version;
  status.uptime = Ago(owner.started, now);
  status.state = StateOf(relay);
  status.connections.push_back({"PostgreSQL", relay.store_up, relay.store_why, Ago(relay.store_since, now)});
  const auto kafka = std::find_if(readiness.begin(), readiness.end(),
                                  [](const auto& check) { return check.name == "kafka"; });
  status.connections.push_back(
      {"Kafka", relay.kafka_up, kafka == readiness.end() ? "" : kafka->detail, StatusDuration(0)});
  status.breaker = Word(relay.breaker);
  status.holds = HoldsOf(owner, relay, now);
  status.flow = FlowOf(relay);
  status.topics = TopicsOf(relay, sample);
  status.topics_note = TopicsNote(sample);
  for (const HistoryPoint& point : relay.history) {
    HistoryStatus past{.ago = Ago(point.at, now),
                       .pending = static_cast<double>(point.pending),
                       .out_per_second = point.sent_per_second};
    if (point.lag) past.lag = *point.lag;
    if (past.ago <= kHistorySpan) status.history.push_back(past);
  }
  if (sample != nullptr) {
    status.table = TableOf(*sample, Ago(relay.sampled_at, now));
    status.refused = RefusedOf(owner, *sample, status.table->sampled);
    status.refused_more = owner.command + " list --status failed --status retrying";
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
