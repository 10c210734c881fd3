// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config_error.h"
#include "outbox/settings.h"

namespace outbox {

using EnvironmentVariables = std::map<std::string, std::string>;

EnvironmentVariables ProcessEnvironment();

// Where a configuration comes from: the flags of the command line and the environment.
struct ConfigRequest {
  std::string file;              // -c; empty: look it up by name
  std::string name;              // -n; empty: the only file of the configuration folder
  std::vector<std::string> set;  // --set section.key=value
  EnvironmentVariables environment;
};

// One key as it is in force, for a person's eyes.
struct EffectiveValue {
  std::string key;     // "delivery.backoff.max"
  std::string value;   // as it would stand in the file, secrets redacted
  std::string origin;  // "default", "orders.toml:12", "OUTBOX_RELAY_LOG__LEVEL" or "--set"
  bool reloadable = false;
};

struct Config {
  Settings settings;
  std::vector<EffectiveValue> values;
  std::string file;  // empty: none was found, everything comes from the environment and the flags
};

// Whether anything configures this relay: a file, a variable or a flag. Throws as LoadConfig does if the
// choice of a file is not clear.
bool IsConfigured(const ConfigRequest& request);

// Defaults < file < NAME.d/*.toml beside it < environment < --set. Throws ConfigError with all that
// is wrong. Does not read the secrets' files: CheckSecrets does.
Config LoadConfig(const ConfigRequest& request);

// Throws ConfigError naming every secret that cannot be read now.
void CheckSecrets(const Settings& settings);

// The keys that differ and cannot change while the relay runs. Reads secrets to compare them: throws
// ConfigError if a new one cannot be read.
std::vector<std::string> FixedChanges(const Settings& before, const Settings& after);

// A commented file with every key at its default, serving HTTP on `http_port`.
std::string SampleConfig(int http_port);

// The first port, from the default one on, that no configuration in `folder` uses.
int UnusedHttpPort(const std::string& folder);

// Where NAME.toml files live: OUTBOX_RELAY_CONFIG_DIR, else /etc/outbox-relay.
std::string ConfigFolder(const EnvironmentVariables& environment);

}  // namespace outbox
