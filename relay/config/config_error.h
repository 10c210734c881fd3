// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace outbox {

// The configuration cannot be used. what() holds every error, one a line, each with its place and,
// where there is one, its remedy: "orders.toml:12: unknown key delivery.worker; did you mean workers?"
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(const std::string& error) : std::runtime_error(error) {}
  explicit ConfigError(const std::vector<std::string>& errors) : std::runtime_error(Joined(errors)) {}

 private:
  static std::string Joined(const std::vector<std::string>& errors) {
    std::string text;
    for (const std::string& error : errors) text += (text.empty() ? "" : "\n") + error;
    return text;
  }
};

}  // namespace outbox
