// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"

namespace outbox {

// A configuration folder of its own, gone at the end of the test.
class ConfigFixture {
 public:
  ConfigFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "outbox-config-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    request.environment = {{"OUTBOX_RELAY_CONFIG_DIR", name}};
  }
  ~ConfigFixture() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ConfigFixture(const ConfigFixture&) = delete;
  ConfigFixture& operator=(const ConfigFixture&) = delete;

  std::string folder() const { return folder_.string(); }

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  Config Load() const { return LoadConfig(request); }

  // orders.toml with this text; brokers are there already.
  Config LoadText(const std::string& text) const {
    Write("orders.toml", text);
    return Load();
  }

  // All that is wrong, one a line; "" if nothing is.
  std::string Errors() const {
    try {
      LoadConfig(request);
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  std::string ErrorsOf(const std::string& text) const {
    Write("orders.toml", text);
    return Errors();
  }

  ConfigRequest request;

 private:
  std::filesystem::path folder_;
};

inline const EffectiveValue& Find(const Config& config, const std::string& key) {
  for (const EffectiveValue& value : config.values) {
    if (value.key == key) return value;
  }
  throw std::runtime_error("no value " + key);
}

}  // namespace outbox
