// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/doctor.h"

namespace outbox {
namespace {

constexpr const char* kPaused = "docs/operations.md#a-topic-is-paused";
constexpr std::int64_t kFraming = 512;  // bytes of a batch that are not the message's

Finding OfTopic(const TopicFacts& topic) {
  if (topic.hidden) {
    return {"topics",
            Severity::kFailed,
            "topic " + topic.name + " may not be described by this login",
            "its messages wait",
            "allow the relay's principal to write to it, which implies to describe it",
            kPaused};
  }
  if (!topic.exists) {
    return {"topics",
            Severity::kFailed,
            "topic " + topic.name + " does not exist, or may not be seen",
            "its messages wait until it does",
            "create it, or discard the messages that name it by mistake",
            kPaused};
  }
  if (topic.leaderless > 0) {
    return {"topics",
            Severity::kFailed,
            fmt::format("{} of {} partitions of topic {} have no leader", topic.leaderless, topic.partitions,
                        topic.name),
            "messages for them wait",
            "see which of its brokers are down",
            kPaused};
  }
  return {"topics",
          Severity::kFailed,
          fmt::format("{} of {} partitions of topic {} have fewer in-sync replicas than "
                      "min.insync.replicas",
                      topic.short_of_replicas, topic.partitions, topic.name),
          "brokers refuse to write there, and messages wait",
          "bring its brokers back, or lower the topic's min.insync.replicas",
          kPaused};
}

}  // namespace

Finding CheckBrokers(const ClusterFacts& cluster, const KafkaSettings& settings) {
  if (cluster.brokers == 0) {
    return {"brokers",
            Severity::kFailed,
            fmt::format("{} do not answer: {}", fmt::join(settings.brokers, ","), cluster.trouble),
            "nothing can be delivered; messages wait in the outbox",
            "see that kafka.brokers is right, that the network lets this machine through, and that the "
            "login in [kafka.properties] is what the listener wants",
            "docs/operations.md#kafka-is-down"};
  }
  if (!cluster.trouble.empty()) {
    return {"brokers",
            Severity::kWarning,
            fmt::format("{} brokers, and trouble: {}", cluster.brokers, cluster.trouble),
            "some may not be reached from here: each broker must be, by the address that it advertises",
            "see advertised.listeners of the brokers",
            "docs/operations.md#kafka-is-down"};
  }
  return {"brokers", Severity::kOk, fmt::format("{} brokers", cluster.brokers)};
}

Findings CheckTopics(const ClusterFacts& cluster) {
  Findings findings;
  for (const TopicFacts& topic : cluster.topics) {
    if (!topic.exists || topic.leaderless > 0 || topic.short_of_replicas > 0)
      findings.push_back(OfTopic(topic));
  }
  if (findings.empty()) {
    findings.push_back(
        {"topics", Severity::kOk, fmt::format("{} topics, all can be written", cluster.topics.size())});
  }
  return findings;
}

Findings CheckWriteRights(const ClusterFacts& cluster) {
  Findings findings;
  for (const TopicFacts& topic : cluster.topics) {
    if (topic.write_denied.empty()) continue;
    findings.push_back({"rights", Severity::kFailed, "topic " + topic.name + ": " + topic.write_denied,
                        "the relay pauses the topic, and its messages wait",
                        "kafka-acls --add --allow-principal User:... --operation Write --operation Describe "
                        "--topic " +
                            topic.name,
                        kPaused});
  }
  if (!findings.empty()) return findings;
  if (!cluster.rights_known) {
    return {{"rights", Severity::kSkipped, "the brokers do not tell this login their rules", "",
             "`publish --wait` to each topic shows whether it may be written", kPaused}};
  }
  return {{"rights", Severity::kOk, "no rule keeps everybody from writing"}};
}

Findings CheckMessageSizes(const ClusterFacts& cluster, const std::vector<WaitingTopic>& waiting) {
  constexpr const char* kLink = "docs/operations.md#a-message-failed";
  Findings findings;
  for (const WaitingTopic& topic : waiting) {
    const auto told = std::ranges::find(cluster.topics, topic.topic, &TopicFacts::name);
    std::int64_t limit = cluster.client_max_message_bytes;
    const char* whose = "the relay's message.max.bytes";
    if (told != cluster.topics.end() && told->max_message_bytes.value_or(limit) < limit) {
      limit = *told->max_message_bytes;
      whose = "the topic's max.message.bytes";
    }
    if (topic.largest + kFraming <= limit) continue;
    findings.push_back({"sizes", Severity::kWarning,
                        fmt::format("a message of {} bytes waits for topic {}; {} is {}", topic.largest,
                                    topic.topic, whose, limit),
                        "unless it compresses well it is refused, and fails at once",
                        "raise the topic's max.message.bytes, and message.max.bytes in [kafka.properties] "
                        "with it; or send a reference instead of so much",
                        kLink});
  }
  if (findings.empty()) findings.push_back({"sizes", Severity::kOk, "what waits is not too large"});
  return findings;
}

}  // namespace outbox
