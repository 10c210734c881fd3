// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_conf.h"

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace outbox {
namespace {

KafkaProperty Property(std::string name, std::string value, std::string origin) {
  return {std::move(name), std::move(value), std::move(origin), nullptr};
}

KafkaPublisherOptions Options(std::vector<KafkaProperty> properties = {}) {
  KafkaPublisherOptions options;
  options.outbox_name = "orders";
  options.kafka.brokers = {"a:1", "b:2"};
  options.kafka.properties = std::move(properties);
  return options;
}

std::string Get(const ConfHandle& conf, const char* name) {
  std::array<char, 512> value{};
  std::size_t size = value.size();
  REQUIRE(rd_kafka_conf_get(conf.get(), name, value.data(), &size) == RD_KAFKA_CONF_OK);
  return value.data();
}

std::string Complaint(const KafkaPublisherOptions& options) {
  try {
    MakeConf(options, Road::kMain);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "";
}

TEST_CASE("what order rests on is set on both roads, whatever an operator says", "[kafka]") {
  const auto options = Options({Property("max.in.flight", "5", "orders.toml:1"),
                                Property("message.timeout.ms", "1000", "orders.toml:2")});
  for (const Road road : {Road::kMain, Road::kAlone}) {
    const auto conf = MakeConf(options, road);
    CHECK(Get(conf, "enable.idempotence") == "true");
    CHECK(Get(conf, "max.in.flight") == "1");
    CHECK(Get(conf, "message.timeout.ms") == "0");
    CHECK(Get(conf, "partitioner") == "murmur2_random");
    CHECK(Get(conf, "client.id") == "outbox-relay-orders");
    CHECK(Get(conf, "bootstrap.servers") == "a:1,b:2");
  }
}

TEST_CASE("the main road leaves no gap and the other sends one message a request", "[kafka]") {
  const auto options = Options({Property("batch.num.messages", "500", "orders.toml:1")});
  const auto main = MakeConf(options, Road::kMain);
  CHECK(Get(main, "enable.gapless.guarantee") == "true");
  CHECK(Get(main, "batch.num.messages") == "500");
  const auto alone = MakeConf(options, Road::kAlone);
  CHECK(Get(alone, "enable.gapless.guarantee") == "false");
  CHECK(Get(alone, "batch.num.messages") == "1");
  CHECK(Get(alone, "linger.ms") == "0");
}

TEST_CASE("the client's queue holds what the workers may hand over", "[kafka]") {
  auto options = Options();
  options.queue_messages = 300'000;
  options.queue_bytes = std::int64_t{4} << 30;
  const auto conf = MakeConf(options, Road::kMain);
  CHECK(std::stoll(Get(conf, "queue.buffering.max.messages")) == 600'000);
  CHECK(std::stoll(Get(conf, "queue.buffering.max.kbytes")) == 8 << 20);
}

TEST_CASE("a refused property is named with its origin and the client's text", "[kafka]") {
  const auto unknown = Complaint(Options({Property("linger.sm", "1", "orders.toml:7")}));
  CHECK(unknown == "orders.toml:7: No such configuration property: \"linger.sm\"");
  const auto bad = Complaint(Options({Property("compression.type", "tight", "orders.toml:8")}));
  CHECK(bad.rfind("orders.toml:8: ", 0) == 0);
  CHECK(bad.find("compression") != std::string::npos);
}

TEST_CASE("a secret is read at each use and never quoted", "[kafka]") {
  int reads = 0;
  KafkaProperty property = Property("sasl.password", "", "orders.toml:9");
  property.secret = [&reads] { return "s3cret-" + std::to_string(++reads); };
  CHECK(Get(MakeConf(Options({property}), Road::kMain), "sasl.password") == "s3cret-1");
  CHECK(Get(MakeConf(Options({property}), Road::kMain), "sasl.password") == "s3cret-2");
  for (const auto* name : {"linger.ms", "no.such.thing"}) {
    property.name = name;
    const auto complaint = Complaint(Options({property}));
    CHECK(complaint.rfind("orders.toml:9: ", 0) == 0);
    CHECK(complaint.find(name) != std::string::npos);
    CHECK(complaint.find("s3cret") == std::string::npos);
  }
}

}  // namespace
}  // namespace outbox
