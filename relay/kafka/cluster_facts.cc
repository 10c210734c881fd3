// SPDX-License-Identifier: Apache-2.0
#include "kafka/cluster_facts.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <stdexcept>

#include "kafka/trouble.h"

namespace outbox {
namespace {

using ClientHandle = std::unique_ptr<rd_kafka_t, KafkaDestroy<rd_kafka_t, rd_kafka_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, KafkaDestroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using RuleFilter = std::unique_ptr<rd_kafka_AclBindingFilter_t,
                                   KafkaDestroy<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>>;
using ResourceHandle =
    std::unique_ptr<rd_kafka_ConfigResource_t,
                    KafkaDestroy<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>>;

// What a client complains of. Must outlive it.
struct Complaints {
  std::atomic<int> verification{0};
  std::string last;
};

ClientHandle MakeClient(const KafkaPublisherOptions& options, Complaints& complaints) {
  ConfHandle conf = MakeConf(options, Road::kMain);
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_opaque(conf.get(), &complaints);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    auto& told = *static_cast<Complaints*>(opaque);
    // That all brokers are down only repeats what was said of each.
    if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      told.last = Explain(static_cast<rd_kafka_resp_err_t>(error), reason, told.verification).text;
  });
  rd_kafka_conf_set_ssl_cert_verify_cb(
      conf.get(), [](rd_kafka_t*, const char*, std::int32_t, int* error, int, const char*, std::size_t, char*,
                     std::size_t, void* opaque) {
        if (*error != 0) static_cast<Complaints*>(opaque)->verification = *error;
        return *error == 0 ? 1 : 0;
      });
  std::array<char, 512> text{};
  ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!client) throw std::invalid_argument(text.data());
  static_cast<void>(conf.release());  // the client's now
  return client;
}

std::int64_t NumberOf(rd_kafka_t* client, const char* property) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  if (rd_kafka_conf_get(rd_kafka_conf(client), property, text.data(), &size) != RD_KAFKA_CONF_OK) return 0;
  return std::stoll(text.data());
}

// Not the topics by name: to ask for one may create it.
MetadataHandle AllTopics(rd_kafka_t* client, milliseconds timeout, std::string& trouble) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, 1, nullptr, &metadata, static_cast<int>(timeout.count()));
  rd_kafka_poll(client, 0);  // errors
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR && trouble.empty()) trouble = rd_kafka_err2str(error);
  return MetadataHandle(metadata);
}

using Send = void (*)(rd_kafka_t*, void*, rd_kafka_queue_t*);

EventHandle Answer(rd_kafka_t* client, milliseconds timeout, Send send, void* what) {
  const QueueHandle queue(rd_kafka_queue_new(client));
  send(client, what, queue.get());
  return EventHandle(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
}

// The topic's settings by name; also tells a topic that is hidden from one that is not there.
std::map<std::string, std::string> SettingsOf(rd_kafka_t* client, TopicFacts& topic, milliseconds timeout) {
  const ResourceHandle resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
  const EventHandle event = Answer(
      client, timeout,
      [](rd_kafka_t* asking, void* what, rd_kafka_queue_t* queue) {
        auto* one = static_cast<rd_kafka_ConfigResource_t*>(what);
        rd_kafka_DescribeConfigs(asking, &one, 1, nullptr, queue);
      },
      resource.get());
  std::map<std::string, std::string> settings;
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return settings;
  std::size_t count = 0;
  const auto** answers =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) return settings;
  topic.hidden = rd_kafka_ConfigResource_error(answers[0]) == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(answers[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) settings[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return settings;
}

void ReadPartitions(const rd_kafka_metadata_t& metadata, TopicFacts& topic, std::int64_t least_in_sync) {
  const std::span told(metadata.topics, static_cast<std::size_t>(metadata.topic_cnt));
  const auto found = std::ranges::find_if(told, [&](const auto& one) { return topic.name == one.topic; });
  if (found == told.end() || found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  topic.exists = true;
  topic.hidden = false;
  topic.partitions = found->partition_cnt;
  for (int p = 0; p < found->partition_cnt; ++p) {
    if (found->partitions[p].leader < 0) ++topic.leaderless;
    if (found->partitions[p].isr_cnt < least_in_sync) ++topic.short_of_replicas;
  }
}

// Which principal the brokers take us for is not known here, so only what holds for all is told.
std::string WhyDenied(const rd_kafka_AclBinding_t** rules, std::size_t count) {
  bool allowed = count == 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto operation = rd_kafka_AclBinding_operation(rules[i]);
    if (operation != RD_KAFKA_ACL_OPERATION_WRITE && operation != RD_KAFKA_ACL_OPERATION_ALL) continue;
    const std::string principal = rd_kafka_AclBinding_principal(rules[i]);
    if (rd_kafka_AclBinding_permission_type(rules[i]) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW) {
      allowed = true;
    } else if (principal == "User:*") {
      return "a rule denies writing to everybody";
    }
  }
  return allowed ? "" : "there are rules for it, and none allows anybody to write";
}

// False: the brokers do not tell. librdkafka 2.0 cannot ask what this principal may do, so the rules are
// read, which takes the right to describe the cluster.
bool ReadRights(rd_kafka_t* client, TopicFacts& topic, milliseconds timeout) {
  std::array<char, 512> text{};
  const RuleFilter filter(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str(), RD_KAFKA_RESOURCE_PATTERN_MATCH, nullptr, nullptr,
      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text.data(), text.size()));
  if (!filter) return false;
  const EventHandle event = Answer(
      client, timeout,
      [](rd_kafka_t* asking, void* what, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeAcls(asking, static_cast<rd_kafka_AclBindingFilter_t*>(what), nullptr, queue);
      },
      filter.get());
  if (!event) return false;
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
  if (error == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) return true;  // everybody may do everything
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  std::size_t count = 0;
  const auto** rules =
      rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event.get()), &count);
  topic.write_denied = WhyDenied(rules, count);
  return true;
}

std::optional<std::int64_t> Number(const std::map<std::string, std::string>& settings, const char* name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  return std::stoll(found->second);
}

}  // namespace

ClusterFacts AskCluster(const KafkaPublisherOptions& options, const std::vector<std::string>& topics,
                        milliseconds timeout) {
  ClusterFacts facts;
  Complaints complaints;
  const ClientHandle client = MakeClient(options, complaints);
  facts.client_max_message_bytes = NumberOf(client.get(), "message.max.bytes");
  const MetadataHandle metadata = AllTopics(client.get(), timeout, complaints.last);
  if (metadata) {
    facts.brokers = metadata->broker_cnt;
    facts.rights_known = true;
    for (const std::string& name : topics) {
      TopicFacts& topic = facts.topics.emplace_back();
      topic.name = name;
      const auto settings = SettingsOf(client.get(), topic, timeout);
      topic.max_message_bytes = Number(settings, "max.message.bytes");
      ReadPartitions(*metadata, topic, Number(settings, "min.insync.replicas").value_or(1));
      facts.rights_known = ReadRights(client.get(), topic, timeout) && facts.rights_known;
    }
  }
  rd_kafka_poll(client.get(), 0);
  facts.trouble = complaints.last;
  return facts;
}

}  // namespace outbox
