// SPDX-License-Identifier: Apache-2.0
#include "http/status_json.h"

#include <nlohmann/json.hpp>

namespace outbox {
namespace {

using Json = nlohmann::ordered_json;

Json Value(const std::optional<StatusDuration>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

Json Value(const RoughCount& count) {
  const char* precision = "exact";
  switch (count.precision) {
    case RoughCount::Precision::kExact:
      break;
    case RoughCount::Precision::kAbout:
      precision = "about";
      break;
    case RoughCount::Precision::kAtLeast:
      precision = "at_least";
      break;
  }
  return {{"count", count.value}, {"precision", precision}};
}

const char* Value(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "good";
    case Tone::kWarning:
      return "warning";
    case Tone::kBad:
      return "bad";
  }
  return "bad";
}

Json Value(const FlowStatus& flow) {
  return {{"out_per_second", flow.out_per_second},
          {"in_per_second", flow.in_per_second ? Json(*flow.in_per_second) : Json(nullptr)},
          {"time_to_empty_seconds", Value(flow.time_to_empty)},
          {"inflight_messages", flow.inflight_messages},
          {"inflight_bytes", flow.inflight_bytes}};
}

Json Value(const TableStatus& table) {
  return {{"pending", Value(table.pending)},
          {"retrying", Value(table.retrying)},
          {"failed", Value(table.failed)},
          {"blocked_keys", Value(table.blocked_keys)},
          {"lag_seconds", Value(table.lag)},
          {"oldest_pending_seconds", table.oldest_pending.count()},
          {"size_bytes", table.size_bytes},
          {"dead_tuples", table.dead_tuples},
          {"oldest_transaction_seconds", Value(table.oldest_transaction)},
          {"ids_left", table.ids_left ? Json(*table.ids_left) : Json(nullptr)},
          {"sampled_seconds_ago", table.sampled.count()}};
}

Json Value(const ConnectionStatus& connection) {
  return {{"name", connection.name},
          {"up", connection.up},
          {"detail", connection.detail},
          {"since_seconds", connection.since.count()}};
}

Json Value(const HoldStatus& hold) {
  return {{"what", hold.what},
          {"reason", hold.reason},
          {"detail", hold.detail},
          {"since_seconds", hold.since.count()},
          {"remedy", hold.remedy}};
}

Json Value(const TopicStatus& topic) {
  return {{"topic", topic.topic},
          {"pending", topic.pending ? Value(*topic.pending) : Json(nullptr)},
          {"oldest_pending_seconds", topic.oldest.count()},
          {"sent", topic.sent},
          {"retries", topic.retries},
          {"failed", topic.failed},
          {"sent_per_second", topic.sent_per_second}};
}

Json Value(const RefusedStatus& message) {
  return {{"id", message.id},
          {"topic", message.topic},
          {"key_hash", message.key_hash.empty() ? Json(nullptr) : Json(message.key_hash)},
          {"status", message.failed ? "failed" : "retrying"},
          {"holds_key", message.holds_key},
          {"attempts", message.attempts},
          {"age_seconds", message.age.count()},
          {"due_in_seconds", message.failed ? Json(nullptr) : Json(message.due_in.count())},
          {"error", message.error},
          {"remedy", message.remedy}};
}

Json Value(const HistoryStatus& point) {
  return {{"seconds_ago", point.ago.count()},
          {"pending", point.pending},
          {"lag_seconds", Value(point.lag)},
          {"out_per_second", point.out_per_second}};
}

template <typename T>
Json List(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(Value(value));
  return list;
}

}  // namespace

std::string StatusJson(const Status& status) {
  const Json json{
      {"outbox", status.outbox},
      {"version", status.version},
      {"uptime_seconds", status.uptime.count()},
      {"state", {{"name", status.state.name}, {"tone", Value(status.state.tone)}, {"why", status.state.why}}},
      {"connections", List(status.connections)},
      {"breaker", status.breaker},
      {"holds", List(status.holds)},
      {"flow", Value(status.flow)},
      {"topics", List(status.topics)},
      {"refused", List(status.refused)},
      {"table", status.table ? Value(*status.table) : Json(nullptr)},
      {"table_unknown", status.table_unknown},
      {"history", List(status.history)}};
  // An error's text may be in any encoding; a strict dump would throw on it.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace outbox
