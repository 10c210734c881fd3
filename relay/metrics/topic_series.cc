// SPDX-License-Identifier: Apache-2.0
#include "metrics/topic_series.h"

#include <algorithm>

#include "metrics/counters.h"

namespace outbox {
namespace {

constexpr std::size_t kMostTopics = 100;
constexpr const char* kOther = "_other";

double Sum(const std::array<prometheus::Counter*, kRefusalReasons.size()>& counters) {
  double sum = 0;
  for (const auto* counter : counters) sum += counter->Value();
  return sum;
}

void Increment(const std::array<prometheus::Counter*, kRefusalReasons.size()>& counters,
               const std::array<double, kRefusalReasons.size()>& by) {
  for (std::size_t i = 0; i < counters.size(); ++i) counters[i]->Increment(by[i]);
}

}  // namespace

TopicSeries::TopicSeries(prometheus::Registry& registry, const prometheus::Labels& labels)
    : published_(CounterFamily(registry, labels, "messages_published_total",
                               "Messages handed to the broker client, once for each report on them.")),
      delivered_(CounterFamily(registry, labels, "messages_delivered_total",
                               "Messages reported persisted by the broker.")),
      sent_(CounterFamily(registry, labels, "messages_sent_total",
                          "Messages committed as sent. Delivered less sent are repeated if the relay dies "
                          "now.")),
      sent_bytes_(CounterFamily(registry, labels, "sent_bytes_total",
                                "Bytes of topic, key, headers and payload of the messages committed as "
                                "sent.")),
      retries_(CounterFamily(registry, labels, "retries_total",
                             "Refused messages that were settled as retrying.")),
      attempts_(CounterFamily(registry, labels, "attempts_total",
                              "Attempts spent: refusals of a message by the broker; retries plus failed.")),
      failed_(CounterFamily(registry, labels, "messages_failed_total",
                            "Messages that were settled as failed and wait for an operator.")) {
  topics_.emplace(kOther, Make(kOther));
}

void TopicSeries::Add(std::span<const TopicTally> tallies, TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const TopicTally& tally : tallies) {
    Topic& topic = Find(tally.topic);
    topic.published->Increment(tally.published);
    topic.delivered->Increment(tally.delivered);
    topic.sent->Increment(tally.sent);
    topic.sent_bytes->Increment(tally.sent_bytes);
    topic.retries->Increment(tally.retries);
    Increment(topic.attempts, tally.attempts);
    Increment(topic.failed, tally.failed);
    topic.rate.Add(tally.sent, now);
  }
}

std::vector<TopicFigures> TopicSeries::Figures(TimePoint now) const {
  std::vector<TopicFigures> figures;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, topic] : topics_) {
    if (name == kOther && topic.published->Value() == 0 && Sum(topic.attempts) == 0) continue;
    figures.push_back({.topic = name,
                       .sent = static_cast<std::uint64_t>(topic.sent->Value()),
                       .retries = static_cast<std::uint64_t>(topic.retries->Value()),
                       .failed = static_cast<std::uint64_t>(Sum(topic.failed)),
                       .sent_per_second = topic.rate.PerSecond(now)});
  }
  std::ranges::stable_sort(figures, [](const TopicFigures& a, const TopicFigures& b) {
    return a.sent_per_second != b.sent_per_second ? a.sent_per_second > b.sent_per_second : a.sent > b.sent;
  });
  return figures;
}

TopicSeries::Topic& TopicSeries::Find(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second;
  if (topics_.size() > kMostTopics) return topics_.find(kOther)->second;
  const std::string topic(name);
  return topics_.emplace(topic, Make(topic)).first->second;
}

TopicSeries::Topic TopicSeries::Make(const std::string& topic) {
  const prometheus::Labels labels{{"topic", topic}};
  Topic made{.published = &published_.Add(labels),
             .delivered = &delivered_.Add(labels),
             .sent = &sent_.Add(labels),
             .sent_bytes = &sent_bytes_.Add(labels),
             .retries = &retries_.Add(labels),
             .attempts = {},
             .failed = {},
             .rate = {}};
  for (std::size_t i = 0; i < kRefusalReasons.size(); ++i) {
    const prometheus::Labels reason{{"topic", topic}, {"reason", kRefusalReasons[i]}};
    made.attempts[i] = &attempts_.Add(reason);
    made.failed[i] = &failed_.Add(reason);
  }
  return made;
}

}  // namespace outbox
