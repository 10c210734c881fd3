// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "outbox/message.h"
#include "outbox/store.h"

// What a relay is told. Plain values with their defaults; docs/configuration.md explains each.
// Keys marked R may change while the relay runs (SIGHUP).
namespace outbox {

// Reads a secret anew at each call, so that a rotated file takes effect at the next connect. Null:
// none is set. Throws ConfigError if a file cannot be read.
using Secret = std::function<std::string()>;

enum class Completion { kMark, kDelete, kLog };
enum class PoolerMode { kAuto, kNone, kTransaction };
enum class MessageTimestamp { kCreatedAt, kPublish };
enum class WakeUp { kPoll, kNotify };

struct PostgresSettings {
  std::string conninfo;  // empty: libpq's environment
  Secret password;
  std::string listen_conninfo;  // empty: conninfo; for wake-ups past a pooler
  milliseconds statement_timeout{30'000};
  milliseconds transaction_timeout{45'000};
  PoolerMode pooler = PoolerMode::kAuto;
};

struct OutboxSettings {
  std::string name;
  std::string schema = "public";
  Completion completion = Completion::kMark;
  OnFailed on_failed = OnFailed::kSkip;
  MessageTimestamp timestamp = MessageTimestamp::kCreatedAt;  // R
  WakeUp wake_up = WakeUp::kPoll;
  milliseconds poll_min{2};   // R
  milliseconds poll_max{50};  // R
};

// Topics to which failed messages are published as well.
struct DeadLetterSettings {
  std::string topic = {};                                         // R, empty: none
  std::map<std::string, std::string, std::less<>> by_topic = {};  // R, for these instead; empty: none
  bool any() const { return !topic.empty() || !by_topic.empty(); }
};

struct DeliverySettings {
  int workers = 3;
  int batch_messages = 2000;           // R
  std::int64_t batch_bytes = 8 << 20;  // R
  milliseconds deadline{30'000};
  int max_attempts = 20;                // R, 0: no limit
  milliseconds backoff_initial{1'000};  // R
  milliseconds backoff_max{600'000};    // R
  milliseconds shutdown_grace{30'000};  // R
  int trip_after = 3;                   // R, [breaker]
};

enum class CadenceMode { kContinuous, kInterval, kWindows, kManual };

// So much a second at most; 0: no limit.
struct PaceLimit {
  int messages = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const PaceLimit&, const PaceLimit&) = default;
};

struct PaceSettings {
  int messages_per_second = 0;                                  // R, like the others; 0: no limit
  std::int64_t bytes_per_second = 0;                            // the same
  std::map<std::string, PaceLimit, std::less<>> by_topic = {};  // besides
  milliseconds ramp{30'000};                                    // back to the limits, after an outage
  bool limited() const { return messages_per_second > 0 || bytes_per_second > 0; }
};

// From one time of day to another, since midnight; `to` may be below `from`, and is then of the next day.
struct DayWindow {
  seconds from{0};
  seconds to{0};
  friend bool operator==(const DayWindow&, const DayWindow&) = default;
};

struct CadenceSettings {
  CadenceMode mode = CadenceMode::kContinuous;  // R, like the others
  milliseconds every{15 * 60'000};              // kInterval
  std::vector<DayWindow> windows = {};          // kWindows, by the local time of the relay
};

struct RetentionSettings {
  std::optional<seconds> sent = seconds(7 * 24 * 3600);  // R; none: never
};

// A librdkafka property and where it was written, for the error if librdkafka refuses it.
struct KafkaProperty {
  std::string name;
  std::string value;
  std::string origin;  // "orders.toml:12"
  Secret secret;       // set instead of value
};

struct KafkaSettings {
  std::vector<std::string> brokers;
  std::vector<KafkaProperty> properties;
};

struct HttpSettings {
  std::string listen = "127.0.0.1:7432";  // empty: off
  bool status_page = true;
};

enum class LogFormat { kAuto, kText, kJson };
enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

struct LogSettings {
  LogLevel level = LogLevel::kInfo;     // R
  LogFormat format = LogFormat::kAuto;  // R
};

struct Settings {
  PostgresSettings postgres;
  OutboxSettings outbox;
  DeliverySettings delivery;
  DeadLetterSettings dead_letters;
  PaceSettings pace;
  CadenceSettings cadence;
  RetentionSettings retention;
  KafkaSettings kafka;
  HttpSettings http;
  LogSettings log;
};

}  // namespace outbox
