// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/kafka_broker.h"

namespace outbox::test {

// Brokers that are one cluster, serving when the constructor returns. Each is one of its controllers, too, so
// of three any one may be away. Used by one thread.
class KafkaCluster {
 public:
  // `options` is asked for each node, by its number, from 1.
  KafkaCluster(int brokers, const std::function<KafkaBroker::Options(int node)>& options);

  int size() const { return static_cast<int>(nodes_.size()); }
  KafkaBroker& node(int number) { return *nodes_.at(static_cast<std::size_t>(number - 1)); }
  std::string bootstrap() const;
  // The number of the node that leads the partition; 0: none does, or nobody answers.
  int Leader(const std::string& topic, int partition) const;

 private:
  std::vector<std::unique_ptr<KafkaBroker>> nodes_;
};

}  // namespace outbox::test
