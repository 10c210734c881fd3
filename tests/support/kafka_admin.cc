// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_admin.h"

#include <functional>
#include <stdexcept>
#include <vector>

namespace outbox::test {
namespace {

constexpr int kTimeoutMs = 20'000;

struct DestroyQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct DestroyEvent {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
struct DestroyNewTopic {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyDeleteTopic {
  void operator()(rd_kafka_DeleteTopic_t* topic) const { rd_kafka_DeleteTopic_destroy(topic); }
};
struct DestroyConfig {
  void operator()(rd_kafka_ConfigResource_t* config) const { rd_kafka_ConfigResource_destroy(config); }
};
struct DestroyRule {
  void operator()(rd_kafka_AclBinding_t* rule) const { rd_kafka_AclBinding_destroy(rule); }
};
using Rule = std::unique_ptr<rd_kafka_AclBinding_t, DestroyRule>;
using Event = std::unique_ptr<rd_kafka_event_t, DestroyEvent>;

void Check(rd_kafka_resp_err_t error, const char* why) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(why != nullptr ? why : rd_kafka_err2str(error));
}

// Sends a request that is answered by one event.
Event Ask(const std::function<void(rd_kafka_queue_t*)>& send, rd_kafka_t* client) {
  const std::unique_ptr<rd_kafka_queue_t, DestroyQueue> queue(rd_kafka_queue_new(client));
  send(queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (!event) throw std::runtime_error("no answer from the broker");
  Check(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
  return event;
}

void CheckTopics(const rd_kafka_topic_result_t** topics, std::size_t count) {
  for (std::size_t t = 0; t < count; ++t) {
    Check(rd_kafka_topic_result_error(topics[t]), rd_kafka_topic_result_error_string(topics[t]));
  }
}

Rule About(const std::string& topic, const std::string& principal, rd_kafka_AclOperation_t operation,
           rd_kafka_AclPermissionType_t permission) {
  char error[256] = "";
  Rule rule(rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                                    principal.c_str(), "*", operation, permission, error, sizeof error));
  if (!rule) throw std::invalid_argument(error);
  return rule;
}

void AddRules(rd_kafka_t* client, const std::vector<Rule>& rules) {
  std::vector<rd_kafka_AclBinding_t*> raw;
  for (const Rule& rule : rules) raw.push_back(rule.get());
  const auto event =
      Ask([&](auto* queue) { rd_kafka_CreateAcls(client, raw.data(), raw.size(), nullptr, queue); }, client);
  std::size_t count = 0;
  const auto** answers =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t r = 0; r < count; ++r) {
    const rd_kafka_error_t* refused = rd_kafka_acl_result_error(answers[r]);
    if (refused != nullptr) throw std::runtime_error(rd_kafka_error_string(refused));
  }
}

}  // namespace

KafkaAdmin::KafkaAdmin(const std::string& bootstrap)
    : client_(MakeKafkaClient(RD_KAFKA_PRODUCER, bootstrap)) {}

void KafkaAdmin::CreateTopic(const std::string& name, int partitions,
                             const std::map<std::string, std::string>& configs, int replicas) {
  char error[256] = "";
  const std::unique_ptr<rd_kafka_NewTopic_t, DestroyNewTopic> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, replicas, error, sizeof error));
  if (!topic) throw std::invalid_argument(error);
  for (const auto& [key, value] : configs)
    rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  const auto event = Ask(
      [&](auto* queue) { rd_kafka_CreateTopics(client_.get(), topics, 1, nullptr, queue); }, client_.get());
  std::size_t count = 0;
  const auto** answers =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  CheckTopics(answers, count);
  if (!WaitFor([&] { return PartitionsWithLeader(client_.get(), name) == partitions; })) {
    throw std::runtime_error("topic " + name + " has no leaders");
  }
}

void KafkaAdmin::DeleteTopic(const std::string& name) {
  const std::unique_ptr<rd_kafka_DeleteTopic_t, DestroyDeleteTopic> topic(
      rd_kafka_DeleteTopic_new(name.c_str()));
  rd_kafka_DeleteTopic_t* topics[] = {topic.get()};
  const auto event = Ask(
      [&](auto* queue) { rd_kafka_DeleteTopics(client_.get(), topics, 1, nullptr, queue); }, client_.get());
  std::size_t count = 0;
  const auto** answers =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  CheckTopics(answers, count);
  if (!WaitFor([&] { return PartitionsWithLeader(client_.get(), name) < 0; })) {
    throw std::runtime_error("topic " + name + " does not go away");
  }
}

void KafkaAdmin::AlterTopicConfig(const std::string& name,
                                  const std::map<std::string, std::string>& configs) {
  Alter(RD_KAFKA_RESOURCE_TOPIC, name, configs);
}

void KafkaAdmin::AlterBroker(const std::map<std::string, std::string>& configs) {
  Alter(RD_KAFKA_RESOURCE_BROKER, "1", configs);
}

void KafkaAdmin::Alter(rd_kafka_ResourceType_t type, const std::string& name,
                       const std::map<std::string, std::string>& configs) {
  const std::unique_ptr<rd_kafka_ConfigResource_t, DestroyConfig> resource(
      rd_kafka_ConfigResource_new(type, name.c_str()));
  for (const auto& [key, value] : configs) {
    rd_kafka_ConfigResource_set_config(resource.get(), key.c_str(), value.c_str());
  }
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  const auto event =
      Ask([&](auto* queue) { rd_kafka_AlterConfigs(client_.get(), resources, 1, nullptr, queue); },
          client_.get());
  std::size_t count = 0;
  const auto** answers =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  for (std::size_t r = 0; r < count; ++r) {
    Check(rd_kafka_ConfigResource_error(answers[r]), rd_kafka_ConfigResource_error_string(answers[r]));
  }
}

void KafkaAdmin::DenyWrites(const std::string& topic) {
  // Once a rule is about a topic, only rules allow anything there.
  std::vector<Rule> rules;
  rules.push_back(About(topic, "User:*", RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW));
  rules.push_back(About(topic, "User:*", RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY));
  AddRules(client_.get(), rules);
}

void KafkaAdmin::GrantWrite(const std::string& topic, const std::string& principal) {
  std::vector<Rule> rules;
  rules.push_back(About(topic, principal, RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW));
  AddRules(client_.get(), rules);
}

void KafkaAdmin::AllowWrites(const std::string& topic) {
  char error[256] = "";
  const Rule denied(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr, nullptr,
      RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY, error, sizeof error));
  if (!denied) throw std::invalid_argument(error);
  rd_kafka_AclBindingFilter_t* filters[] = {denied.get()};
  Ask([&](auto* queue) { rd_kafka_DeleteAcls(client_.get(), filters, 1, nullptr, queue); }, client_.get());
}

}  // namespace outbox::test
