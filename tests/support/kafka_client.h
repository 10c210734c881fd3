// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "support/wait.h"

namespace outbox::test {

// librdkafka 2.0 may never come back from destroying a client whose topic was deleted. After a few
// seconds such a client is left to itself.
struct DestroyClient {
  void operator()(rd_kafka_t* client) const;
};
using KafkaClient = std::unique_ptr<rd_kafka_t, DestroyClient>;

// A quiet client: a broker that is down is what many tests are about. Throws for a wrong property.
KafkaClient MakeKafkaClient(rd_kafka_type_t type, const std::string& bootstrap,
                            const std::map<std::string, std::string>& properties = {});

// The number of partitions that have a leader; -1: the broker does not answer or know the topic.
// An empty name asks for no topic: 0 says that a broker answered.
int PartitionsWithLeader(rd_kafka_t* client, const std::string& topic, milliseconds timeout = seconds(1));

int LeaderOf(rd_kafka_t* client, const std::string& topic, int partition);  // its node; -1: none is known

// Publishes one message and waits for its delivery report; throws if it was not persisted.
void Produce(const std::string& bootstrap, const std::string& topic, const std::optional<std::string>& key,
             const std::string& payload, const std::map<std::string, std::string>& headers = {});

}  // namespace outbox::test
