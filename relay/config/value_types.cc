// SPDX-License-Identifier: Apache-2.0
#include "config/value_types.h"

#include <charconv>

#include "config/redact.h"
#include "config/secret.h"
#include "config/units.h"

namespace outbox {

namespace {

bool IsText(const Value& value) {
  return value.kind == Value::Kind::kText || value.kind == Value::Kind::kString;
}

template <typename Integer>
bool ReadInteger(const Value& value, Integer& result) {
  const char* const end = value.text.data() + value.text.size();
  const auto [stopped, error] = std::from_chars(value.text.data(), end, result);
  return error == std::errc() && stopped == end;
}

}  // namespace

std::string Takes(const std::string&) { return "text in quotation marks"; }
std::string Takes(bool) { return "true or false"; }
std::string Takes(int) { return "a whole number"; }
std::string Takes(std::int64_t) { return "a size such as \"64KiB\" or \"8MiB\""; }
std::string Takes(milliseconds) { return "a duration with its unit, such as \"250ms\", \"30s\" or \"10m\""; }
std::string Takes(const std::optional<seconds>&) {
  return "a duration in whole seconds, such as \"7d\" or \"12h\", or \"never\"";
}
std::string Takes(const std::vector<std::string>&) {
  return "a list of texts, such as [\"a:9092\", \"b:9092\"]";
}
std::string Takes(const std::vector<DayWindow>&) {
  return "a list of times of day, such as [\"01:00-05:00\"]";
}
std::string Takes(const TopicNames&) { return "a table of topics, such as { orders = \"orders.failed\" }"; }
std::string Takes(const TopicLimits&) {
  return "a table of topics with messages or bytes a second, such as { orders = 500, bulk = \"1MiB\" }";
}
std::string Takes(const Secret&) { return "text, { file = \"name\" } or { env = \"NAME\" }"; }

bool Read(const Value& value, std::string& result) {
  // A NUL would silently end the text in every C library behind us.
  if (!IsText(value) || value.text.find('\0') != std::string::npos) return false;
  result = value.text;
  return true;
}

bool Read(const Value& value, bool& result) {
  if (value.kind != Value::Kind::kText && value.kind != Value::Kind::kBoolean) return false;
  if (value.text != "true" && value.text != "false") return false;
  result = value.text == "true";
  return true;
}

bool Read(const Value& value, int& result) {
  if (value.kind != Value::Kind::kText && value.kind != Value::Kind::kInteger) return false;
  int number = 0;
  if (!ReadInteger(value, number)) return false;
  result = number;
  return true;
}

bool Read(const Value& value, std::int64_t& result) {
  if (!IsText(value) && value.kind != Value::Kind::kInteger) return false;
  const std::optional<std::int64_t> size = ParseSize(value.text);
  if (!size) return false;
  result = *size;
  return true;
}

bool Read(const Value& value, milliseconds& result) {
  const std::optional<milliseconds> duration = IsText(value) ? ParseDuration(value.text) : std::nullopt;
  if (!duration) return false;
  result = *duration;
  return true;
}

bool Read(const Value& value, std::optional<seconds>& result) {
  if (IsText(value) && value.text == "never") {
    result.reset();
    return true;
  }
  milliseconds duration{0};
  if (!Read(value, duration) || duration % seconds(1) != milliseconds(0)) return false;
  result = std::chrono::duration_cast<seconds>(duration);
  return true;
}

bool Read(const Value& value, std::vector<std::string>& result) {
  if (value.kind == Value::Kind::kList) {
    result = value.list;
    return true;
  }
  if (value.kind != Value::Kind::kText) return false;
  result.clear();
  for (std::size_t begin = 0; begin <= value.text.size();) {
    const std::size_t end = std::min(value.text.find(',', begin), value.text.size());
    result.push_back(value.text.substr(begin, end - begin));
    begin = end + 1;
  }
  return true;
}

bool Read(const Value& value, std::vector<DayWindow>& result) {
  std::vector<std::string> texts;
  if (!Read(value, texts)) return false;
  std::vector<DayWindow> windows;
  for (const std::string& text : texts) {
    const auto window = ParseDayWindow(text);
    if (!window) return false;
    windows.push_back(*window);
  }
  result = std::move(windows);
  return true;
}

bool Read(const Value& value, Secret& result) {
  if (value.kind == Value::Kind::kSecret) {
    result = value.secret;
    return true;
  }
  std::string text;
  if (!Read(value, text)) return false;
  result = LiteralSecret(text);
  return true;
}

std::string Show(const std::string& value) { return Quoted(value); }
std::string Show(bool value) { return value ? "true" : "false"; }
std::string Show(int value) { return std::to_string(value); }
std::string Show(std::int64_t value) { return Quoted(FormatSize(value)); }
std::string Show(milliseconds value) { return Quoted(FormatDuration(value)); }
std::string Show(const std::optional<seconds>& value) {
  return value ? Show(milliseconds(*value)) : Quoted("never");
}

std::string Show(const std::vector<std::string>& value) {
  std::string items;
  for (const std::string& item : value) items += (items.empty() ? "" : ", ") + Quoted(item);
  return "[" + items + "]";
}

std::string Show(const std::vector<DayWindow>& value) {
  std::vector<std::string> texts;
  for (const DayWindow& window : value) texts.push_back(FormatDayWindow(window));
  return Show(texts);
}

std::string Show(const Secret& value) { return Quoted(value ? std::string(kRedacted) : ""); }

bool Read(const std::string& topic, const Value& value, TopicNames& result) {
  std::string name;
  if (!Read(value, name)) return false;
  result.insert_or_assign(topic, name);
  return true;
}

// A plain number is messages, one with a unit is bytes.
bool Read(const std::string& topic, const Value& value, TopicLimits& result) {
  PaceLimit limit;
  const bool unit = value.text.find_first_not_of("0123456789") != std::string::npos;
  if (unit ? !Read(value, limit.bytes) : !Read(value, limit.messages)) return false;
  if (limit == PaceLimit{}) return false;
  result.insert_or_assign(topic, limit);
  return true;
}

std::string Show(const TopicNames& value) {
  std::string items;
  for (const auto& [topic, name] : value)
    items += (items.empty() ? "" : ", ") + Quoted(topic) + " = " + Quoted(name);
  return items.empty() ? "{}" : "{ " + items + " }";
}

std::string Show(const TopicLimits& value) {
  std::string items;
  for (const auto& [topic, limit] : value) {
    items += (items.empty() ? "" : ", ") + Quoted(topic) + " = ";
    items += limit.messages > 0 ? Show(limit.messages) : Show(limit.bytes);
  }
  return items.empty() ? "{}" : "{ " + items + " }";
}

}  // namespace outbox
