// SPDX-License-Identifier: Apache-2.0
#include "config/unknown_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config/keys.h"
#include "config/nearest.h"

namespace outbox {

namespace {

std::vector<std::string> Sections() {
  std::vector<std::string> sections;
  for (const Key& key : Keys()) {
    const std::string section(key.section());
    if (std::ranges::find(sections, section) == sections.end()) sections.push_back(section);
  }
  return sections;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Keys whose path begins so, without that beginning.
std::vector<std::string> NamesBelow(const std::string& prefix) {
  std::vector<std::string> names;
  for (const Key& key : Keys()) {
    if (key.path.starts_with(prefix)) names.emplace_back(key.path.substr(prefix.size()));
  }
  return names;
}

std::string ElsewhereNamed(const std::string& name) {
  for (const Key& key : Keys()) {
    if (key.name() == name) return std::string(key.path);
  }
  return {};
}

std::string UnknownSection(const std::string& section, bool is_key) {
  const std::string meant = is_key ? ElsewhereNamed(section) : std::string();
  if (!meant.empty()) return fmt::format("{0} stands outside its section; write {1}", section, meant);
  const std::string nearest = Nearest(section, Sections());
  if (!nearest.empty()) return fmt::format("unknown section {}; did you mean {}?", section, nearest);
  return fmt::format("unknown section {}; there are {}", section, Join(Sections()));
}

}  // namespace

bool IsTablePath(const std::string& path) {
  return path == kKafkaProperties || !NamesBelow(path + ".").empty();
}

std::string ExplainUnknown(const std::string& path, const Value& value) {
  const std::size_t dot = path.find('.');
  const std::string section = path.substr(0, dot);
  const std::vector<std::string> names = NamesBelow(section + ".");
  if (names.empty())
    return UnknownSection(section, dot == std::string::npos && value.kind != Value::Kind::kTable);

  const std::string name = dot == std::string::npos ? "" : path.substr(dot + 1);
  if (path == kKafkaProperties || name.empty()) {
    return fmt::format("{0} takes a table, not {1}; write [{0}] and its keys below", path, Describe(value));
  }
  for (std::size_t end = path.rfind('.'); end != std::string::npos && end > 0;
       end = path.rfind('.', end - 1)) {
    const Key* key = FindKey(path.substr(0, end));
    if (key != nullptr) return fmt::format("{} takes {}, not a table", key->path, key->takes());
  }
  const std::vector<std::string> below = NamesBelow(path + ".");
  if (!below.empty())
    return fmt::format("{} takes a table of {}, not {}", path, Join(below), Describe(value));
  const std::string nearest = Nearest(name, names);
  if (!nearest.empty()) return fmt::format("unknown key {}; did you mean {}?", path, nearest);
  const std::string elsewhere = ElsewhereNamed(name);
  if (!elsewhere.empty()) return fmt::format("unknown key {}; did you mean {}?", path, elsewhere);
  return fmt::format("unknown key {}; [{}] has {}", path, section, Join(names));
}

}  // namespace outbox
