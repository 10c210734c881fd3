// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_cluster.h"

#include <algorithm>

#include "support/free_port.h"
#include "support/kafka_client.h"

namespace outbox::test {
namespace {

constexpr int kHeapMb = 192;  // three of them are to fit beside everything else

}  // namespace

KafkaCluster::KafkaCluster(int brokers, const std::function<KafkaBroker::Options(int node)>& options) {
  if (brokers == 1) {
    nodes_.push_back(std::make_unique<KafkaBroker>(options(1)));
    return;
  }
  std::vector<int> controllers;
  for (int n = 1; n <= brokers; ++n) controllers.push_back(FreePort());
  for (int n = 1; n <= brokers; ++n) {
    KafkaBroker::Options one = options(n);
    one.node = n;
    one.controllers = controllers;
    one.heap_mb = kHeapMb;
    // Whoever is out of step for longer no longer counts as in sync; the default is half a minute.
    one.properties.try_emplace("replica.lag.time.max.ms", "3000");
    nodes_.push_back(std::make_unique<KafkaBroker>(one));
  }
  // None of them serves alone.
  for (const auto& node : nodes_) node->Launch();
  for (const auto& node : nodes_) node->AwaitServing();
}

std::string KafkaCluster::bootstrap() const {
  std::string all;
  for (const auto& node : nodes_) all += (all.empty() ? "" : ",") + node->bootstrap();
  return all;
}

int KafkaCluster::Leader(const std::string& topic, int partition) const {
  const auto client = MakeKafkaClient(RD_KAFKA_PRODUCER, bootstrap());
  return std::max(0, LeaderOf(client.get(), topic, partition));
}

}  // namespace outbox::test
