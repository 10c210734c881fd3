// SPDX-License-Identifier: Apache-2.0
#include "config/secret.h"

#include <filesystem>
#include <utility>

#include "config/read_file.h"

namespace outbox {

SecretPlaces MakeSecretPlaces(const EnvironmentVariables& environment, const std::string& config_file) {
  const auto credentials = environment.find("CREDENTIALS_DIRECTORY");
  if (credentials != environment.end()) return {credentials->second, environment};
  return {std::filesystem::path(config_file).parent_path().string(), environment};
}

Secret LiteralSecret(std::string text) {
  return [text = std::move(text)] { return text; };
}

Secret FileSecret(const std::string& file, const SecretPlaces& places, std::string origin) {
  const std::string path = (std::filesystem::path(places.folder) / file).string();
  return [path, origin = std::move(origin)] {
    // We read it ourselves because credentials may have mode 0440, and libpq ignores such a file.
    std::string text = ReadSmallFile(path, origin);
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) throw ConfigError(origin + ": the secret's file " + path + " is empty");
    return text;
  };
}

Secret VariableSecret(const std::string& variable, const SecretPlaces& places, std::string origin) {
  // The environment of a process does not change, so it is looked up once.
  const auto found = places.environment.find(variable);
  if (found != places.environment.end()) return LiteralSecret(found->second);
  return [variable, origin = std::move(origin)]() -> std::string {
    throw ConfigError(origin + ": the environment variable " + variable + " is not set");
  };
}

}  // namespace outbox
