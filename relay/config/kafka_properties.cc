// SPDX-License-Identifier: Apache-2.0
#include "config/kafka_properties.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/keys.h"
#include "config/redact.h"

namespace outbox {

namespace {

struct Reserved {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view kIdempotent = "the relay always publishes idempotently, to all in-sync replicas";
constexpr std::string_view kDeadline = "the relay has a deadline of its own: set delivery.deadline";
constexpr std::string_view kRetries = "the client retries until delivery.deadline, or order would break";
constexpr std::string_view kInFlight = "the relay keeps one request in flight, or order could break";
constexpr std::string_view kBrokers = "set kafka.brokers";

constexpr Reserved kReserved[] = {
    {"bootstrap.servers", kBrokers},
    {"metadata.broker.list", kBrokers},
    {"enable.idempotence", kIdempotent},
    {"acks", kIdempotent},
    {"request.required.acks", kIdempotent},
    {"message.timeout.ms", kDeadline},
    {"delivery.timeout.ms", kDeadline},
    {"retries", kRetries},
    {"message.send.max.retries", kRetries},
    {"transactional.id", "the relay does not use transactions"},
    {"enable.gapless.guarantee", "order after a refusal rests on it; it is always on"},
    {"delivery.report.only.error", "the relay settles by delivery reports and needs every one"},
    {"statistics.interval.ms", "the metrics rest on it; it is 5 s"},
    {"log.queue", "the client logs through the relay"},
    {"opaque", "it is a pointer within the program"},
};

}  // namespace

std::string_view ReservedBecause(std::string_view property) {
  if (property.ends_with("_cb")) return "it is a function within the program";
  if (property.starts_with("max.in.flight")) return kInFlight;
  const auto found = std::ranges::find(kReserved, property, &Reserved::name);
  return found == std::end(kReserved) ? std::string_view() : found->reason;
}

std::string SetKafkaProperty(const Entry& entry, KafkaSettings& settings) {
  KafkaProperty property;
  property.name = entry.path.substr(kKafkaProperties.size() + 1);
  property.origin = entry.origin;
  const std::string_view reason = ReservedBecause(property.name);
  if (!reason.empty()) return fmt::format("{} is reserved: {}", entry.path, reason);

  using Kind = Value::Kind;
  const Kind kind = entry.value.kind;
  if (kind == Kind::kSecret) {
    property.secret = entry.value.secret;
  } else if (kind == Kind::kList || kind == Kind::kTable || kind == Kind::kOther) {
    return fmt::format("{} takes text, a number, true or false, not {}", entry.path, Describe(entry.value));
  } else if (entry.value.text.find('\0') != std::string::npos) {
    return fmt::format("{} holds a NUL character", entry.path);
  } else {
    property.value = entry.value.text;
  }
  std::erase_if(settings.properties, [&](const KafkaProperty& p) { return p.name == property.name; });
  settings.properties.push_back(std::move(property));
  return {};
}

std::string ShowKafkaProperty(const KafkaProperty& property) {
  const bool secret = property.secret || IsSecretName(property.name);
  return Quoted(secret ? std::string(kRedacted) : property.value);
}

}  // namespace outbox
