// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "config/check.h"
#include "config/config.h"
#include "config/kafka_properties.h"
#include "config/keys.h"
#include "config/locate.h"
#include "config/redact.h"
#include "config/toml_file.h"
#include "config/unknown_key.h"

namespace outbox {

namespace {

constexpr std::string_view kPrefix = "OUTBOX_RELAY_";
constexpr const char* kDefault = "default";

bool IsBelow(std::string_view path, std::string_view parent) {
  return path.size() > parent.size() + 1 && path.starts_with(parent) && path[parent.size()] == '.';
}

// OUTBOX_RELAY_DELIVERY__BACKOFF__MAX is delivery.backoff.max. Names without "__" are not ours:
// Kubernetes sets OUTBOX_RELAY_PORT for a Service named outbox-relay.
std::vector<Entry> EnvironmentEntries(const EnvironmentVariables& environment) {
  std::vector<Entry> entries;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kPrefix) || name.find("__", kPrefix.size()) == std::string::npos) continue;
    std::string path = name.substr(kPrefix.size());
    for (std::size_t at = path.find("__"); at != std::string::npos; at = path.find("__", at))
      path.replace(at, 2, ".");
    std::transform(path.begin(), path.end(), path.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    entries.push_back({path, {Value::Kind::kText, text, {}, {}}, name});
  }
  return entries;
}

bool HoldsSecret(std::string_view path, const std::string& text) {
  if (path.ends_with("conninfo")) return RedactConninfo(text) != text;
  return (path == "postgres.password" || IsBelow(path, kKafkaProperties)) && IsSecretName(path) &&
         !path.ends_with(".location");
}

// Applies one source after the other and remembers what each value came from.
class Loader {
 public:
  template <typename Source>
  void Read(Source source) {
    try {
      for (const Entry& entry : source()) Apply(entry);
    } catch (const ConfigError& error) {
      errors_.emplace_back(error.what());
      unreadable_ = true;
    }
  }

  void Apply(const Entry& entry) {
    if (IsBelow(entry.path, refused_table_)) return;  // one error for a table is enough
    if (IsBelow(entry.path, kKafkaProperties)) return ApplyProperty(entry);
    if (const Key* table = FindTopicTable(entry.path)) return ApplyTopic(*table, entry);
    if (const Key* key = FindKey(entry.path)) return ApplyKey(*key, entry);
    const bool table = entry.value.kind == Value::Kind::kTable;
    if (table && IsTablePath(entry.path)) return;
    if (table) refused_table_ = entry.path;
    Fail(entry, ExplainUnknown(entry.path, entry.value));
  }

  void ApplyFlag(const std::string& flag) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos) {
      errors_.push_back(fmt::format("--set {}: write --set section.key=value", flag));
      return;
    }
    const std::string path = flag.substr(0, equals);
    const std::string text = flag.substr(equals + 1);
    if (HoldsSecret(path, text)) {
      errors_.push_back(
          fmt::format("--set {}: everybody on the machine sees a command line, and secrets do "
                      "not belong there: write {{ file = \"...\" }} into the configuration",
                      path));
      return;
    }
    Apply({path, {Value::Kind::kText, text, {}, {}}, "--set"});
  }

  Config Finish(const std::string& file) {
    Settings& settings = config_.settings;
    if (!file.empty() && !entries_.contains("outbox.name")) {
      settings.outbox.name = std::filesystem::path(file).stem().string();
    }
    // What an unreadable source would have set is not known, so nothing can be missed.
    if (!unreadable_) Check();
    if (!errors_.empty()) throw ConfigError(errors_);
    config_.file = file;
    Describe();
    return std::move(config_);
  }

 private:
  void Fail(const Entry& entry, const std::string& text) {
    errors_.push_back(entry.origin + ": " + text);
    broken_.insert(entry.path);
  }

  void ApplyKey(const Key& key, const Entry& entry) {
    if (key.read(entry.value, config_.settings)) {
      if (key.read_topic == nullptr) entries_[entry.path] = entry;
    } else {
      if (entry.value.kind == Value::Kind::kTable) refused_table_ = entry.path;
      const std::string written =
          IsSecretName(key.path) ? "what stands there" : outbox::Describe(entry.value);
      Fail(entry, fmt::format("{} takes {}, not {}", key.path, key.takes(), written));
    }
  }

  void ApplyTopic(const Key& table, const Entry& entry) {
    if (entry.value.kind == Value::Kind::kTable) return;  // a topic with dots, without quotation marks
    if (table.read_topic(entry.path.substr(table.path.size() + 1), entry.value, config_.settings)) {
      entries_[std::string(table.path)] = entry;
    } else {
      Fail(entry,
           fmt::format("{} takes {}; not {}", table.path, table.takes(), outbox::Describe(entry.value)));
    }
  }

  void ApplyProperty(const Entry& entry) {
    if (entry.value.kind == Value::Kind::kTable) return;  // dotted keys without quotation marks
    const std::string error = SetKafkaProperty(entry, config_.settings.kafka);
    if (!error.empty()) return Fail(entry, error);
    entries_[entry.path] = entry;
  }

  std::string Origin(const std::string& path) const {
    const auto found = entries_.find(path);
    return found == entries_.end() ? kDefault : found->second.origin;
  }

  void Check() {
    for (const Objection& objection : CheckSettings(config_.settings)) {
      const auto broken = [&](const std::string& key) { return broken_.contains(key); };
      const auto given = [&](const std::string& key) { return entries_.contains(key); };
      if (std::ranges::any_of(objection.keys, broken)) continue;
      const auto set = std::ranges::find_if(objection.keys, given);
      errors_.push_back((set == objection.keys.end() ? "" : Origin(*set) + ": ") + objection.text);
    }
  }

  // The value as written where it names the place of a secret, which is none itself.
  std::string Shown(const std::string& path, const std::string& text) const {
    const auto found = entries_.find(path);
    const bool place = found != entries_.end() && found->second.value.kind == Value::Kind::kSecret;
    return place ? found->second.value.text : text;
  }

  void Describe() {
    for (const Key& key : Keys()) {
      const std::string path(key.path);
      config_.values.push_back({path, Shown(path, key.show(config_.settings)), Origin(path), key.reloadable});
    }
    for (const KafkaProperty& property : config_.settings.kafka.properties) {
      const std::string path = std::string(kKafkaProperties) + "." + property.name;
      config_.values.push_back({path, Shown(path, ShowKafkaProperty(property)), property.origin, false});
    }
  }

  Config config_;
  std::map<std::string, Entry> entries_;  // the last good one of each path
  std::set<std::string> broken_;          // paths of which some value could not be read
  std::string refused_table_ = "\n";      // what stands below it is not looked at; at first nothing
  std::vector<std::string> errors_;
  bool unreadable_ = false;
};

}  // namespace

EnvironmentVariables ProcessEnvironment() {
  EnvironmentVariables environment;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Config LoadConfig(const ConfigRequest& request) {
  const std::string file = LocateConfig(request);
  Loader loader;
  if (!file.empty()) {
    const SecretPlaces places = MakeSecretPlaces(request.environment, file);
    const std::filesystem::path path(file);
    loader.Read([&] { return ReadTomlFile(file, path.filename().string(), places); });
    for (const std::string& drop_in : DropIns(file)) {
      const std::filesystem::path part(drop_in);
      const std::string shown = (part.parent_path().filename() / part.filename()).string();
      loader.Read([&] { return ReadTomlFile(drop_in, shown, places); });
    }
  }
  loader.Read([&] { return EnvironmentEntries(request.environment); });
  for (const std::string& flag : request.set) loader.ApplyFlag(flag);
  return loader.Finish(file);
}

void CheckSecrets(const Settings& settings) {
  std::vector<std::string> errors;
  const auto check = [&](const Secret& secret) {
    try {
      if (secret) secret();
    } catch (const ConfigError& error) {
      errors.emplace_back(error.what());
    }
  };
  check(settings.postgres.password);
  for (const KafkaProperty& property : settings.kafka.properties) check(property.secret);
  if (!errors.empty()) throw ConfigError(errors);
}

}  // namespace outbox
