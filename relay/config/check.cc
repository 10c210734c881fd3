// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "config/units.h"
#include "config/value.h"

namespace outbox {

namespace {

// PostgreSQL and librdkafka keep milliseconds in an int.
constexpr milliseconds kLongest{std::numeric_limits<int>::max()};
constexpr seconds kMargin{10};

using Objections = std::vector<Objection>;

void CheckNumber(Objections& objections, const char* key, std::int64_t value, std::int64_t least,
                 std::int64_t most) {
  if (value >= least && value <= most) return;
  objections.push_back({{key}, fmt::format("{} must be {} to {}, not {}", key, least, most, value)});
}

void CheckDuration(Objections& objections, const char* key, milliseconds value) {
  if (value.count() > 0 && value <= kLongest) return;
  objections.push_back({{key}, fmt::format("{} must be \"1ms\" to \"24d\"", key)});
}

void CheckNumbers(const DeliverySettings& delivery, Objections& objections) {
  CheckNumber(objections, "delivery.workers", delivery.workers, 1, 64);
  CheckNumber(objections, "delivery.batch_messages", delivery.batch_messages, 1, 100'000);
  CheckNumber(objections, "delivery.batch_bytes", delivery.batch_bytes, 1, 1 << 30);
  CheckNumber(objections, "delivery.max_attempts", delivery.max_attempts, 0, 1'000'000);
  CheckNumber(objections, "breaker.trip_after", delivery.trip_after, 1, 1'000);
}

void CheckDurations(const Settings& s, Objections& objections) {
  CheckDuration(objections, "postgres.statement_timeout", s.postgres.statement_timeout);
  CheckDuration(objections, "postgres.transaction_timeout", s.postgres.transaction_timeout);
  CheckDuration(objections, "outbox.poll.min", s.outbox.poll_min);
  CheckDuration(objections, "outbox.poll.max", s.outbox.poll_max);
  CheckDuration(objections, "delivery.deadline", s.delivery.deadline);
  CheckDuration(objections, "delivery.backoff.initial", s.delivery.backoff_initial);
  CheckDuration(objections, "delivery.backoff.max", s.delivery.backoff_max);
  CheckDuration(objections, "delivery.shutdown_grace", s.delivery.shutdown_grace);
  if (s.retention.sent && (s.retention.sent->count() <= 0 || *s.retention.sent > std::chrono::years(100))) {
    objections.push_back({{"retention.sent"}, "retention.sent must be \"1s\" to 100 years, or \"never\""});
  }
}

void CheckPairs(const Settings& s, Objections& objections) {
  if (s.outbox.poll_min > s.outbox.poll_max) {
    objections.push_back({{"outbox.poll.min", "outbox.poll.max"},
                          fmt::format("outbox.poll.min ({}) must not be above outbox.poll.max ({})",
                                      FormatDuration(s.outbox.poll_min), FormatDuration(s.outbox.poll_max))});
  }
  if (s.delivery.backoff_initial > s.delivery.backoff_max) {
    objections.push_back(
        {{"delivery.backoff.initial", "delivery.backoff.max"},
         fmt::format("delivery.backoff.initial ({}) must not be above delivery.backoff.max ({})",
                     FormatDuration(s.delivery.backoff_initial), FormatDuration(s.delivery.backoff_max))});
  }
  // Both sides were checked to be small, or this is one objection too many.
  const milliseconds least = std::min(s.delivery.deadline, kLongest) + kMargin;
  if (s.postgres.transaction_timeout < least) {
    objections.push_back(
        {{"postgres.transaction_timeout", "delivery.deadline"},
         fmt::format("postgres.transaction_timeout ({}) must be at least delivery.deadline + 10s: "
                     "set it to {}, or lower the deadline",
                     FormatDuration(s.postgres.transaction_timeout), FormatDuration(least))});
  }
  if (s.outbox.wake_up == WakeUp::kNotify && s.postgres.pooler == PoolerMode::kTransaction &&
      s.postgres.listen_conninfo.empty()) {
    objections.push_back({{"outbox.wake_up", "postgres.pooler", "postgres.listen_conninfo"},
                          "outbox.wake_up = \"notify\" does not work through a transaction pooler: set "
                          "postgres.listen_conninfo to the server itself"});
  }
}

void CheckDeadLetters(const DeadLetterSettings& dead_letters, Objections& objections) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const auto check = [&](const char* key, const std::string& topic) {
    if (topic.size() <= 249 && topic.find_first_not_of(kLetters) == std::string::npos) return;
    objections.push_back({{key},
                          fmt::format("{} takes a topic of up to 249 letters, digits, dots, underscores "
                                      "and hyphens, not {}",
                                      key, Quoted(topic))});
  };
  check("delivery.dead_letter_topic", dead_letters.topic);
  for (const auto& [topic, target] : dead_letters.by_topic) check("delivery.dead_letter_topics", target);
}

void CheckPace(const Settings& s, Objections& objections) {
  constexpr std::size_t kMostTopics = 64;  // each is read by itself
  CheckNumber(objections, "pace.messages_per_second", s.pace.messages_per_second, 0, 10'000'000);
  if (s.pace.ramp.count() != 0) CheckDuration(objections, "pace.ramp", s.pace.ramp);
  if (s.pace.by_topic.size() > kMostTopics) {
    objections.push_back(
        {{"pace.topics"},
         fmt::format("pace.topics holds up to {} topics, not {}", kMostTopics, s.pace.by_topic.size())});
  }
  if (s.outbox.completion == Completion::kLog && !s.pace.by_topic.empty()) {
    // All that is over a topic's limit would have to be copied out of the log, or keep it from moving.
    objections.push_back({{"pace.topics", "outbox.completion"},
                          "pace.topics does not go with outbox.completion = \"log\", which is read in order: "
                          "give the topic an outbox of its own in another schema, or limit all of them with "
                          "pace.messages_per_second"});
  }
}

void CheckCadence(const CadenceSettings& cadence, Objections& objections) {
  CheckDuration(objections, "cadence.every", cadence.every);
  if (cadence.mode != CadenceMode::kWindows || !cadence.windows.empty()) return;
  objections.push_back({{"cadence.mode", "cadence.windows"},
                        "cadence.mode = \"windows\" needs cadence.windows, such as [\"01:00-05:00\"]"});
}

void CheckNames(const OutboxSettings& outbox, Objections& objections) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (outbox.name.empty()) {
    objections.push_back({{"outbox.name"}, "outbox.name is required where no file gives it its name"});
  } else if (outbox.name.size() > 100 || outbox.name.find_first_not_of(kLetters) != std::string::npos) {
    objections.push_back(
        {{"outbox.name"},
         fmt::format("outbox.name takes up to 100 letters, digits, dots, dashes and underscores, "
                     "not {}; set it where the file's name will not do",
                     Quoted(outbox.name))});
  }
  // A longer name would be cut off by PostgreSQL, and meet another one.
  if (outbox.schema.empty() || outbox.schema.size() > 63) {
    objections.push_back({{"outbox.schema"}, "outbox.schema must be 1 to 63 bytes long"});
  }
}

void CheckBrokers(const std::vector<std::string>& brokers, Objections& objections) {
  if (brokers.empty()) {
    objections.push_back({{"kafka.brokers"},
                          "kafka.brokers is required: [kafka] brokers = [\"host:9092\"], --set "
                          "kafka.brokers=host:9092 or OUTBOX_RELAY_KAFKA__BROKERS=host:9092"});
  }
  for (const std::string& broker : brokers) {
    if (!broker.empty() && broker.find_first_of(" \t\r\n,\"") == std::string::npos) continue;
    objections.push_back(
        {{"kafka.brokers"},
         fmt::format("kafka.brokers takes one \"host:port\" an item, not {}", Quoted(broker))});
  }
}

void CheckListen(const std::string& listen, Objections& objections) {
  if (listen.empty()) return;
  const std::size_t colon = listen.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = listen.data() + listen.size();
    const auto [stopped, error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (error != std::errc() || stopped != end) port = -1;
  }
  if (port >= 0 && port <= 65535) return;
  objections.push_back(
      {{"http.listen"},
       fmt::format("http.listen takes \"host:port\", \"[::1]:port\" or \"\", not {}", Quoted(listen))});
}

// A queue that cannot hold what the workers claim would stall them until their deadline.
void CheckQueue(const Settings& s, const char* property, std::int64_t unit, std::int64_t batch,
                Objections& objections) {
  const auto found = std::ranges::find(s.kafka.properties, std::string_view(property), &KafkaProperty::name);
  if (found == s.kafka.properties.end()) return;
  std::int64_t size = 0;
  const char* const end = found->value.data() + found->value.size();
  const auto [stopped, error] = std::from_chars(found->value.data(), end, size);
  if (error != std::errc() || stopped != end) return;  // librdkafka will say so
  const std::int64_t needed = (s.delivery.workers * batch + unit - 1) / unit;
  if (size == 0 || size >= needed) return;  // 0: no limit
  const std::string key = fmt::format("kafka.properties.{}", property);
  objections.push_back(
      {{key, "delivery.workers", "delivery.batch_messages", "delivery.batch_bytes"},
       fmt::format("{} ({}) is too small for the batches of {} workers: leave it out or set it to "
                   "at least {}",
                   key, size, s.delivery.workers, needed)});
}

}  // namespace

std::vector<Objection> CheckSettings(const Settings& settings) {
  Objections objections;
  CheckNumbers(settings.delivery, objections);
  CheckDurations(settings, objections);
  CheckPairs(settings, objections);
  CheckDeadLetters(settings.dead_letters, objections);
  CheckPace(settings, objections);
  CheckCadence(settings.cadence, objections);
  CheckNames(settings.outbox, objections);
  CheckBrokers(settings.kafka.brokers, objections);
  CheckListen(settings.http.listen, objections);
  CheckQueue(settings, "queue.buffering.max.messages", 1, settings.delivery.batch_messages, objections);
  CheckQueue(settings, "queue.buffering.max.kbytes", 1024, settings.delivery.batch_bytes, objections);
  return objections;
}

}  // namespace outbox
