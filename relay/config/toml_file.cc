// SPDX-License-Identifier: Apache-2.0
#include "config/toml_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <map>

#include "config/read_file.h"
#include "config/redact.h"

namespace outbox {

namespace {

class Flattener {
 public:
  Flattener(std::string shown, const SecretPlaces& places) : shown_(std::move(shown)), places_(places) {}

  void Add(const toml::table& table, const std::string& prefix) {
    for (auto&& [key, node] : table) Add(prefix + std::string(key.str()), node);
  }

  std::vector<Entry> TakeEntries() {
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return a.number < b.number; });
    std::vector<Entry> entries;
    for (Line& line : lines_) entries.push_back(std::move(line.entry));
    return entries;
  }

 private:
  struct Line {
    std::uint32_t number = 0;
    Entry entry;
  };

  void Add(const std::string& path, const toml::node& node) {
    const std::uint32_t number = node.source().begin.line;
    const std::string origin = fmt::format("{}:{}", shown_, number);
    const toml::table* table = node.as_table();
    Value value = table != nullptr ? TableValue(path, *table, origin) : ScalarValue(node);
    const bool nested = value.kind == Value::Kind::kTable;
    lines_.push_back({number, {path, std::move(value), origin}});
    if (nested) Add(*table, path + ".");
  }

  static Value ScalarValue(const toml::node& node) {
    using Kind = Value::Kind;
    if (const auto* text = node.as_string()) return {Kind::kString, text->get(), {}, {}};
    if (const auto* integer = node.as_integer())
      return {Kind::kInteger, std::to_string(integer->get()), {}, {}};
    if (const auto* decimal = node.as_floating_point())
      return {Kind::kDecimal, fmt::to_string(decimal->get()), {}, {}};
    if (const auto* flag = node.as_boolean()) return {Kind::kBoolean, flag->get() ? "true" : "false", {}, {}};
    if (const auto* array = node.as_array()) return ListValue(*array);
    return {Kind::kOther, "a date or time", {}, {}};
  }

  static Value ListValue(const toml::array& array) {
    Value value{Value::Kind::kList, "a list", {}, {}};
    for (const toml::node& node : array) {
      const auto* text = node.as_string();
      if (text == nullptr) return {Value::Kind::kOther, "a list of something else", {}, {}};
      value.list.push_back(text->get());
    }
    return value;
  }

  // Unquoted dotted keys are nested tables to TOML, and so is { file = "…" }.
  Value TableValue(const std::string& path, const toml::table& table, const std::string& origin) const {
    const bool section = path.find('.') == std::string::npos;
    if (section || table.size() != 1) return {Value::Kind::kTable, "a table", {}, {}};
    if (const auto* file = table["file"].as_string()) {
      return {Value::Kind::kSecret,
              fmt::format("{{ file = {} }}", Quoted(file->get())),
              {},
              FileSecret(file->get(), places_, origin)};
    }
    if (const auto* variable = table["env"].as_string()) {
      return {Value::Kind::kSecret,
              fmt::format("{{ env = {} }}", Quoted(variable->get())),
              {},
              VariableSecret(variable->get(), places_, origin)};
    }
    return {Value::Kind::kTable, "a table", {}, {}};
  }

  std::string shown_;
  const SecretPlaces& places_;
  std::vector<Line> lines_;
};

// The library quotes the number that it cannot read, which may be a password without quotation marks.
std::string WithoutNumber(std::string description) {
  const std::size_t open = description.find('\'');
  const std::size_t close = description.rfind('\'');
  if (open == close || close - open < 3) return description;
  if (std::string_view("+-.0123456789").find(description[open + 1]) == std::string_view::npos)
    return description;
  return description.replace(open + 1, close - open - 1, kRedacted);
}

// "a.b" = 1 beside a.b = 2: two keys to TOML, one to us.
void RefuseRepeats(const std::vector<Entry>& entries) {
  std::map<std::string, const Entry*> seen;
  std::vector<std::string> errors;
  for (const Entry& entry : entries) {
    if (entry.value.kind == Value::Kind::kTable) continue;
    const auto [first, added] = seen.emplace(entry.path, &entry);
    if (added) continue;
    errors.push_back(
        fmt::format("{}: {} is set twice, first at {}", entry.origin, entry.path, first->second->origin));
  }
  if (!errors.empty()) throw ConfigError(errors);
}

}  // namespace

std::vector<Entry> ReadTomlFile(const std::string& path, const std::string& shown,
                                const SecretPlaces& places) {
  const std::string text = ReadSmallFile(path, shown);
  try {
    const toml::table root = toml::parse(text, shown);
    Flattener flattener(shown, places);
    flattener.Add(root, "");
    std::vector<Entry> entries = flattener.TakeEntries();
    RefuseRepeats(entries);
    return entries;
  } catch (const toml::parse_error& error) {
    throw ConfigError(fmt::format("{}:{}: this is not valid TOML: {}", shown, error.source().begin.line,
                                  WithoutNumber(std::string(error.description()))));
  }
}

}  // namespace outbox
