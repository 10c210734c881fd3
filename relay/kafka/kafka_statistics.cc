// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_statistics.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace outbox {
namespace {

std::int64_t Increase(std::int64_t& last, std::int64_t now) { return now - std::exchange(last, now); }

}  // namespace

std::optional<KafkaStatistics> StatisticsReader::Read(std::string_view json) try {
  const auto all = nlohmann::json::parse(json);
  KafkaStatistics statistics;
  statistics.road = road_;
  statistics.queue_messages = all.value("msg_cnt", std::int64_t{0});
  if (const auto eos = all.find("eos"); eos != all.end()) {
    // The first epoch belongs to the producer id itself; only those after it are bumps.
    const auto epochs = eos->value("epoch_cnt", std::int64_t{0});
    statistics.epoch_bumps = Increase(epochs_, epochs > 0 ? epochs - 1 : 0);
  }
  for (const auto& [name, broker] : all.at("brokers").items()) {
    if (broker.value("source", "") == "internal") continue;
    const auto state = broker.value("state", "");
    Counters& counters = brokers_[name];
    statistics.brokers.push_back(
        {.name = name,
         .up = state == "UP" || state == "UPDATE",
         .needed = state != "INIT",
         .request_timeouts =
             Increase(counters.request_timeouts, broker.value("req_timeouts", std::int64_t{0})),
         .disconnects = Increase(counters.disconnects, broker.value("disconnects", std::int64_t{0}))});
  }
  return statistics;
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

}  // namespace outbox
