// SPDX-License-Identifier: Apache-2.0
#include "config/locate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace outbox {

namespace fs = std::filesystem;

namespace {

std::string Stems(const std::vector<std::string>& files) {
  std::string names;
  for (const std::string& file : files) names += (names.empty() ? "" : ", ") + fs::path(file).stem().string();
  return names;
}

std::string Named(const std::string& folder, const std::string& name) {
  if (name.find('/') != std::string::npos) {
    throw ConfigError(fmt::format("-n takes the name of an outbox, not {}; for a file use -c", name));
  }
  std::string file = (fs::path(folder) / (name + ".toml")).string();
  std::error_code error;
  if (fs::exists(file, error)) return file;
  const std::vector<std::string> others = TomlFiles(folder);
  throw ConfigError(others.empty()
                        ? fmt::format("there is no {0}; write one: outbox-relay config init > {0}", file)
                        : fmt::format("there is no {}; {} has {}", file, folder, Stems(others)));
}

}  // namespace

std::vector<std::string> TomlFiles(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    std::error_code unknown;  // then reading it will tell
    if (path.extension() == ".toml" && !fs::is_directory(path, unknown)) files.push_back(path.string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw ConfigError(fmt::format("{}: {}", folder, error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> DropIns(const std::string& file) {
  return TomlFiles(fs::path(file).replace_extension(".d").string());
}

std::string LocateConfig(const ConfigRequest& request) {
  if (!request.file.empty()) return request.file;
  const std::string folder = ConfigFolder(request.environment);
  if (!request.name.empty()) return Named(folder, request.name);
  const std::vector<std::string> files = TomlFiles(folder);
  if (files.size() > 1) {
    throw ConfigError(
        fmt::format("{} has several configurations; choose one with -n: {}", folder, Stems(files)));
  }
  return files.empty() ? std::string() : files.front();
}

std::string ConfigFolder(const EnvironmentVariables& environment) {
  const auto folder = environment.find("OUTBOX_RELAY_CONFIG_DIR");
  return folder != environment.end() ? folder->second : "/etc/outbox-relay";
}

bool IsConfigured(const ConfigRequest& request) {
  const auto is_key = [](const auto& variable) {
    return variable.first.starts_with("OUTBOX_RELAY_") && variable.first.find("__") != std::string::npos;
  };
  return !request.set.empty() || !LocateConfig(request).empty() ||
         std::ranges::any_of(request.environment, is_key);
}

}  // namespace outbox
