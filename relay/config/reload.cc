// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "config/config.h"
#include "config/keys.h"

namespace outbox {

namespace {

// Their present values, because a secret has no other form that could be compared.
std::map<std::string, std::string> PropertyValues(const KafkaSettings& kafka) {
  std::map<std::string, std::string> values;
  for (const KafkaProperty& property : kafka.properties) {
    values[property.name] = property.secret ? property.secret() : property.value;
  }
  return values;
}

}  // namespace

std::vector<std::string> FixedChanges(const Settings& before, const Settings& after) {
  std::vector<std::string> changed;
  for (const Key& key : Keys()) {
    if (!key.reloadable && !key.same(before, after)) changed.emplace_back(key.path);
  }
  const std::map<std::string, std::string> old_values = PropertyValues(before.kafka);
  std::map<std::string, std::string> values = PropertyValues(after.kafka);
  for (const auto& [name, value] : old_values) {
    const auto found = values.find(name);
    if (found == values.end() || found->second != value)
      changed.push_back(std::string(kKafkaProperties) + "." + name);
    if (found != values.end()) values.erase(found);
  }
  for (const auto& [name, value] : values) changed.push_back(std::string(kKafkaProperties) + "." + name);
  return changed;
}

}  // namespace outbox
