// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_table.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <thread>

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kCreationTime{300};
constexpr milliseconds kFirstPause{10};

milliseconds Left(TimePoint until) {
  return std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(until - Clock::now()));
}

TopicState StateOf(const rd_kafka_metadata_topic_t& topic) {
  switch (topic.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:  // a name that no topic can have
      return TopicState::kUnknown;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return TopicState::kUnauthorized;
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
      return TopicState::kNoLeader;
    default:
      return TopicState::kUnreachable;
  }
  // One leaderless partition is enough: what goes there would stay unreported to the deadline and
  // take the whole generation with it.
  const std::span partitions(topic.partitions, static_cast<std::size_t>(topic.partition_cnt));
  const bool led = !partitions.empty() && std::ranges::all_of(partitions, [](const auto& partition) {
    return partition.leader >= 0;
  });
  return led ? TopicState::kUsable : TopicState::kNoLeader;
}

}  // namespace

void KnownTopics::Add(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(name)) names_.emplace(name);
}

std::vector<std::string> KnownTopics::names() const {
  const std::lock_guard lock(mutex_);
  return {names_.begin(), names_.end()};
}

rd_kafka_topic_t* TopicTable::Handle(std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    const std::string terminated(name);
    found = topics_.try_emplace(terminated).first;
    rd_kafka_topic_conf_t* conf = rd_kafka_default_topic_conf_dup(client_);
    rd_kafka_topic_conf_set_opaque(conf, &found->second.footing);
    found->second.handle.reset(rd_kafka_topic_new(client_, terminated.c_str(), conf));
  }
  return found->second.handle.get();
}

void TopicTable::LookUpKnown(milliseconds timeout) {
  const auto names = known_.names();
  for (const auto& name : names) Handle(name);
  // Asks for exactly those topics that have a handle.
  if (const auto metadata = names.empty() ? nullptr : Metadata(nullptr, timeout)) {
    for (const auto& topic : std::span(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt))) {
      Remember(topic);
    }
  }
  const std::lock_guard lock(mutex_);
  known_looked_up_ = true;
  looked_up_.notify_all();
}

TopicState TopicTable::Check(std::string_view name, milliseconds timeout) {
  const TimePoint until = Clock::now() + timeout;
  {
    std::unique_lock lock(mutex_);
    if (usable(name)) return TopicState::kUsable;
    looked_up_.wait_until(lock, until, [this] { return known_looked_up_; });
    if (usable(name)) return TopicState::kUsable;
  }
  const TimePoint patience = std::min(until, Clock::now() + kCreationTime);
  for (milliseconds pause = kFirstPause;; pause *= 2) {
    const TopicState state = Probe(name, Left(until));
    const bool may_appear = state == TopicState::kUnknown || state == TopicState::kNoLeader;
    if (!may_appear || Clock::now() + pause >= patience) return state;
    std::this_thread::sleep_for(pause);
  }
}

TopicState TopicTable::Probe(std::string_view name, milliseconds timeout) {
  rd_kafka_topic_t* const topic = Handle(name);
  if (topic == nullptr) return TopicState::kUnknown;
  const auto metadata = Metadata(topic, timeout);
  if (!metadata || metadata->topic_cnt != 1) return TopicState::kUnreachable;
  return Remember(metadata->topics[0]);
}

bool TopicTable::Answers(milliseconds timeout) { return Metadata(nullptr, timeout) != nullptr; }

void TopicTable::Forget(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = topics_.find(name); found != topics_.end()) found->second.usable = false;
}

bool TopicTable::Established(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(name);
  return found != topics_.end() && found->second.footing.complete(std::chrono::steady_clock::now());
}

bool TopicTable::usable(std::string_view name) const {
  const auto found = topics_.find(name);
  return found != topics_.end() && found->second.usable;
}

MetadataHandle TopicTable::Metadata(rd_kafka_topic_t* only, milliseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error =
      rd_kafka_metadata(client_, /*all_topics=*/0, only, &metadata, static_cast<int>(timeout.count()));
  return MetadataHandle(error == RD_KAFKA_RESP_ERR_NO_ERROR ? metadata : nullptr);
}

TopicState TopicTable::Remember(const rd_kafka_metadata_topic_t& topic) {
  const TopicState state = StateOf(topic);
  if (state == TopicState::kUsable) known_.Add(topic.topic);
  const std::lock_guard lock(mutex_);
  if (const auto found = topics_.find(std::string_view(topic.topic)); found != topics_.end()) {
    found->second.usable = state == TopicState::kUsable;
    found->second.footing.SetPartitions(topic.partition_cnt);
  }
  return state;
}

}  // namespace outbox
