// SPDX-License-Identifier: Apache-2.0
#include "bench/warm_broker.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <stdexcept>

#include "bench/site.h"
#include "support/topic_reader.h"

namespace outbox::bench {
namespace {

constexpr int kMessages = 100'000;
constexpr int kMostPasses = 15;
constexpr int kPassesWithoutGain = 2;

// Small requests, because it is them that take the broker's time.
void Publish(Site& site, const std::string& topic) {
  const auto producer = test::MakeKafkaClient(RD_KAFKA_PRODUCER, site.kafka().bootstrap(),
                                              {{"enable.idempotence", "true"},
                                               {"max.in.flight", "1"},
                                               {"batch.num.messages", "50"},
                                               {"delivery.report.only.error", "true"}});
  const std::string payload(200, 'w');
  for (int i = 0; i < kMessages; ++i) {
    const std::string key = "k" + std::to_string(i);
    rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                      RD_KAFKA_V_VALUE(const_cast<char*>(payload.data()), payload.size()),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  }
  if (rd_kafka_flush(producer.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("the broker does not take messages: " + site.kafka().log());
  }
}

}  // namespace

void WarmBroker(Site& site) {
  std::cerr << "  warming the broker, its CPU s per pass:" << std::flush;
  double least = std::numeric_limits<double>::max();
  int without_gain = 0;
  for (int pass = 0; pass < kMostPasses && without_gain < kPassesWithoutGain; ++pass) {
    const double before = site.kafka().process().cpu_seconds();
    const std::string topic = site.NewTopic();
    Publish(site, topic);
    test::TopicReader reader(site.kafka().bootstrap(), {topic});
    if (!reader.ReadToEnd()) throw std::runtime_error("the broker cannot be read: " + site.kafka().log());
    site.DropTopic(topic);
    const double used = site.kafka().process().cpu_seconds() - before;
    std::cerr << " " << used << std::flush;
    without_gain = used < 0.9 * least ? 0 : without_gain + 1;
    least = std::min(least, used);
  }
  std::cerr << "\n";
}

}  // namespace outbox::bench
