// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/kafka_conf.h"
#include "outbox/message.h"

// What `doctor` learns from the brokers, without publishing or creating anything. Facts only; what they
// mean is said in relay/cli/doctor_kafka.cc.
namespace outbox {

struct TopicFacts {
  std::string name;
  bool exists = false;  // as far as this principal may know
  bool hidden = false;  // there, or not: this principal may not describe it
  int partitions = 0;
  int leaderless = 0;         // partitions
  int short_of_replicas = 0;  // partitions with fewer in-sync replicas than min.insync.replicas
  std::optional<std::int64_t> max_message_bytes;  // none: it was not told
  std::string write_denied;  // why nobody of this principal's kind may write; empty: no sign of it
};

struct ClusterFacts {
  int brokers = 0;      // 0: nobody answered
  std::string trouble;  // the client's last error; empty: none
  std::int64_t client_max_message_bytes = 0;
  bool rights_known = false;  // the brokers told of their rules, or have none
  std::vector<TopicFacts> topics;
};

// Takes at most a few times `timeout`. Throws std::invalid_argument for a property that librdkafka
// refuses.
ClusterFacts AskCluster(const KafkaPublisherOptions& options, const std::vector<std::string>& topics,
                        milliseconds timeout);

}  // namespace outbox
