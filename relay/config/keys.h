// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/value.h"
#include "outbox/settings.h"

namespace outbox {

// One key of the configuration. Loading, the check for unknown keys, `config show`, `config init`,
// the reload rule and the test of docs/configuration.md all read the one table of these.
struct Key {
  std::string_view path;  // "delivery.backoff.max"
  bool reloadable = false;
  std::string_view meaning;  // one line
  std::string_view example;  // for `config init`, where the default would not do; else empty

  std::string (*takes)() = nullptr;                 // what values it takes, for an error
  bool (*read)(const Value&, Settings&) = nullptr;  // false: not such a value
  std::string (*show)(const Settings&) = nullptr;   // as TOML, redacted
  bool (*same)(const Settings&, const Settings&) = nullptr;
  // Of a table by topic, below which any name may stand: reads the value of that topic.
  bool (*read_topic)(const std::string& topic, const Value&, Settings&) = nullptr;

  std::string_view section() const { return path.substr(0, path.find('.')); }
  std::string_view name() const { return path.substr(path.find('.') + 1); }
};

// In the order of the sample.
std::span<const Key> Keys();

// Null if there is no such key.
const Key* FindKey(std::string_view path);

// The table by topic that the path lies in; null if it is in none.
const Key* FindTopicTable(std::string_view path);

// Any property of librdkafka stands below this, so its keys are not in the table.
inline constexpr std::string_view kKafkaProperties = "kafka.properties";

}  // namespace outbox
