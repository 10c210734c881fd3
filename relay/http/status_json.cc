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
          {"sampled_seconds_ago", table.sampled.count()}};
}

}  // namespace

std::string StatusJson(const Status& status) {
  Json json{
      {"outbox", status.outbox},
      {"version", status.version},
      {"uptime_seconds", status.uptime.count()},
      {"state", {{"name", status.state.name}, {"tone", Value(status.state.tone)}, {"why", status.state.why}}},
      {"connections", Json::array()},
      {"breaker", status.breaker},
      {"holds", Json::array()},
      {"flow", Value(status.flow)},
      {"topics", Json::array()},
      {"table", status.table ? Value(*status.table) : Json(nullptr)},
      {"table_unknown", status.table_unknown}};
  for (const ConnectionStatus& connection : status.connections) {
    json["connections"].push_back({{"name", connection.name},
                                   {"up", connection.up},
                                   {"detail", connection.detail},
                                   {"since_seconds", connection.since.count()}});
  }
  for (const HoldStatus& hold : status.holds) {
    json["holds"].push_back({{"what", hold.what},
                             {"reason", hold.reason},
                             {"detail", hold.detail},
                             {"since_seconds", hold.since.count()}});
  }
  for (const TopicStatus& topic : status.topics) {
    json["topics"].push_back({{"topic", topic.topic},
                              {"sent", topic.sent},
                              {"retries", topic.retries},
                              {"failed", topic.failed},
                              {"sent_per_second", topic.sent_per_second}});
  }
  // An error's text may be in any encoding; a strict dump would throw on it.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace outbox
