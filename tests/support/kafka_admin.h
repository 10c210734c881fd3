// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "support/kafka_client.h"

namespace outbox::test {

// Changes topics of a real broker; each call returns when the change is visible. Throws what the
// broker says. Used by one thread.
class KafkaAdmin {
 public:
  explicit KafkaAdmin(const std::string& bootstrap);

  void CreateTopic(const std::string& name, int partitions = 1,
                   const std::map<std::string, std::string>& configs = {}, int replicas = 1);
  void DeleteTopic(const std::string& name);
  // Settings not named go back to their defaults.
  void AlterTopicConfig(const std::string& name, const std::map<std::string, std::string>& configs);
  // The broker's dynamic settings: passwords and files of its listeners, which it then reads anew.
  // What is not named goes back to what the broker was started with.
  void AlterBroker(const std::map<std::string, std::string>& configs);
  // For a broker with an authorizer that allows everybody what no rule is about: takes the right to
  // write to a topic away from everybody, and gives it back.
  void DenyWrites(const std::string& topic);
  void AllowWrites(const std::string& topic);
  // Lets that principal, "User:relay", write to the topic, and nothing else.
  void GrantWrite(const std::string& topic, const std::string& principal);

 private:
  void Alter(rd_kafka_ResourceType_t type, const std::string& name,
             const std::map<std::string, std::string>& configs);

  KafkaClient client_;
};

}  // namespace outbox::test
