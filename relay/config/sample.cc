// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/config.h"
#include "config/keys.h"
#include "config/locate.h"
#include "config/toml_file.h"

namespace outbox {

namespace {

constexpr int kDefaultPort = 7432;

constexpr std::string_view kHead =
    R"(# Configuration of outbox-relay. What stands behind a # is a default or an example.
# Durations ("250ms", "30s", "10m", "7d") and sizes ("64KiB", "8MiB") are text with a unit.
# A secret is "text", { file = "name" } or { env = "NAME" }.
# "reload": can change while the relay runs (systemctl reload).
)";

constexpr std::string_view kProperties = R"(
# Any property of librdkafka, but for those on which the relay's promises rest.
[kafka.properties]
#compression.type = "lz4"
#security.protocol = "sasl_ssl"
#sasl.mechanism = "SCRAM-SHA-512"
#sasl.username = "outbox-relay"
#sasl.password = { file = "kafka-password" }
)";

int PortOf(const std::string& file) {
  try {
    for (const Entry& entry : ReadTomlFile(file, file, {})) {
      if (entry.path != "http.listen") continue;
      const std::size_t colon = entry.value.text.rfind(':');
      return colon == std::string::npos ? 0 : std::atoi(entry.value.text.c_str() + colon + 1);
    }
  } catch (const ConfigError&) {
    return 0;  // whoever broke that file will hear of it there
  }
  return kDefaultPort;
}

std::string Line(const Key& key, int http_port) {
  // The two lines that a newcomer must look at are not commented out.
  const bool active = key.path == "kafka.brokers" || (key.path == "http.listen" && http_port != kDefaultPort);
  std::string value(key.example);
  if (key.path == "http.listen") value = fmt::format("\"127.0.0.1:{}\"", http_port);
  if (value.empty()) value = key.show(Settings{});
  return fmt::format("# {}{}\n{}{} = {}\n", key.meaning, key.reloadable ? " (reload)" : "", active ? "" : "#",
                     key.name(), value);
}

}  // namespace

int UnusedHttpPort(const std::string& folder) {
  std::set<int> used;
  try {
    for (const std::string& file : TomlFiles(folder)) used.insert(PortOf(file));
  } catch (const ConfigError&) {
    // Whoever may not read the others still gets a sample.
  }
  int port = kDefaultPort;
  while (used.contains(port)) ++port;
  return port;
}

std::string SampleConfig(int http_port) {
  std::string text(kHead);
  std::string_view section;
  for (const Key& key : Keys()) {
    if (key.section() != section) {
      section = key.section();
      text += fmt::format("\n[{}]\n", section);
    }
    text += Line(key, http_port);
    if (key.section() == "kafka") text += kProperties;
  }
  return text;
}

}  // namespace outbox
