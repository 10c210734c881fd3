// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_conf.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "core/mutant.h"
#include "kafka/login_check.h"

namespace outbox {
namespace {

struct Default {
  const char* name;
  const char* value;
};

// What operators may override.
constexpr Default kDefaults[] = {
    {"partitioner", "murmur2_random"},  // as Java clients choose; librdkafka's own default is not
    {"compression.type", "lz4"},        // less CPU than none
    {"reconnect.backoff.max.ms", "1000"},
    {"socket.keepalive.enable", "true"},
    {"topic.metadata.propagation.max.ms", "5000"},  // longer, an unknown topic looks like an outage
};

constexpr Default kMainDefaults[] = {
    {"linger.ms", "1"},
    {"batch.num.messages", "10000"},
};

// What the promise of order rests on.
constexpr Default kForced[] = {
    {"enable.idempotence", "true"},
    {"max.in.flight.requests.per.connection", "1"},
    {"message.timeout.ms", "0"},  // expiry works message by message, which would let later ones pass
    {"statistics.interval.ms", "5000"},
};

constexpr Default kMainForced[] = {
    {"enable.gapless.guarantee", "true"},  // a refusal is fatal, so that nothing later goes out
};

constexpr Default kAloneForced[] = {
    {"batch.num.messages", "1"},
    {"linger.ms", "0"},
};

void Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
         const std::string& origin) {
  std::array<char, 512> text{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK)
    return;
  throw std::invalid_argument(origin.empty() ? std::string(text.data()) : origin + ": " + text.data());
}

void SetSecret(rd_kafka_conf_t* conf, const KafkaProperty& property) {
  // librdkafka's text may quote the value.
  std::array<char, 512> text{};
  const auto result =
      rd_kafka_conf_set(conf, property.name.c_str(), property.secret().c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return;
  throw std::invalid_argument(
      property.origin + ": " +
      (result == RD_KAFKA_CONF_UNKNOWN ? "No such configuration property: \"" : "Invalid secret for \"") +
      property.name + "\"");
}

template <std::size_t size>
void SetAll(rd_kafka_conf_t* conf, const Default (&properties)[size]) {
  for (const auto& [name, value] : properties) Set(conf, name, value, "");
}

void SetQueueLimits(rd_kafka_conf_t* conf, const KafkaPublisherOptions& options) {
  constexpr std::int64_t kLeastMessages = 100'000;
  constexpr std::int64_t kMostMessages = 10'000'000;
  constexpr std::int64_t kLeastKilobytes = 1 << 20;
  constexpr std::int64_t kMostKilobytes = 2'147'483'647;
  // Twice: the client counts its own overhead, and what was reported but not yet looked at.
  const auto messages = std::clamp(2 * options.queue_messages, kLeastMessages, kMostMessages);
  const auto kilobytes = std::clamp(2 * options.queue_bytes / 1024, kLeastKilobytes, kMostKilobytes);
  Set(conf, "queue.buffering.max.messages", std::to_string(messages), "");
  Set(conf, "queue.buffering.max.kbytes", std::to_string(kilobytes), "");
}

std::string Joined(const std::vector<std::string>& brokers) {
  std::string joined;
  for (const auto& broker : brokers) joined += (joined.empty() ? "" : ",") + broker;
  return joined;
}

}  // namespace

ConfHandle MakeConf(const KafkaPublisherOptions& options, Road road) {
  if (const std::string objection = LoginObjection(options.kafka.properties); !objection.empty())
    throw std::invalid_argument(objection);
  ConfHandle conf(rd_kafka_conf_new());
  SetAll(conf.get(), kDefaults);
  if (road == Road::kMain) SetAll(conf.get(), kMainDefaults);
  SetQueueLimits(conf.get(), options);
  Set(conf.get(), "client.id", "outbox-relay-" + options.outbox_name, "");
  for (const auto& property : options.kafka.properties) {
    if (property.secret) {
      SetSecret(conf.get(), property);
    } else {
      Set(conf.get(), property.name, property.value, property.origin);
    }
  }
  SetAll(conf.get(), kForced);
  if (Mutant("client_expiry")) Set(conf.get(), "message.timeout.ms", "1000", "");
  if (Mutant("other_partitioner")) Set(conf.get(), "partitioner", "consistent_random", "");
  if (road == Road::kMain) {
    SetAll(conf.get(), kMainForced);
    // A purge is a gap as well: with the guarantee no producer goes on after one.
    if (Mutant("gapless_off") || Mutant("after_purge"))
      Set(conf.get(), "enable.gapless.guarantee", "false", "");
  } else {
    SetAll(conf.get(), kAloneForced);
  }
  Set(conf.get(), "bootstrap.servers", Joined(options.kafka.brokers), "kafka.brokers");
  return conf;
}

}  // namespace outbox
