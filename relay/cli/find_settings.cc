// SPDX-License-Identifier: Apache-2.0
#include "cli/find_settings.h"

namespace outbox {

bool NamesConfig(const CommandLine& line) {
  return !line.name.empty() || !line.config_file.empty() || !line.set.empty();
}

ConfigRequest RequestOf(const CommandLine& line) {
  return {line.config_file, line.name, line.set, ProcessEnvironment()};
}

std::optional<Settings> FindSettings(const CommandLine& line, const std::string& conninfo) {
  const ConfigRequest request = RequestOf(line);
  std::optional<Settings> settings;
  if (conninfo.empty() ? IsConfigured(request) : NamesConfig(line)) settings = LoadConfig(request).settings;
  // Its password is the relay's, and its pooler may be another server's.
  if (settings && !conninfo.empty()) {
    settings->postgres = {};
    settings->postgres.conninfo = conninfo;
  }
  return settings;
}

}  // namespace outbox
