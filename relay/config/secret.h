// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/config.h"

namespace outbox {

// Where the sources of secrets are to be found.
struct SecretPlaces {
  std::string folder;  // that relative file names start from
  EnvironmentVariables environment;
};

// $CREDENTIALS_DIRECTORY, else the folder of the configuration file.
SecretPlaces MakeSecretPlaces(const EnvironmentVariables& environment, const std::string& config_file);

Secret LiteralSecret(std::string text);

// Read anew at each call, without the newline at its end. The call throws ConfigError, which begins
// with `origin`, if the file cannot be read, is empty or unreasonably large.
Secret FileSecret(const std::string& file, const SecretPlaces& places, std::string origin);

// The call throws ConfigError if the variable is not set.
Secret VariableSecret(const std::string& variable, const SecretPlaces& places, std::string origin);

}  // namespace outbox
