// SPDX-License-Identifier: Apache-2.0
#include "cli/filter_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/operator_command.h"
#include "config/units.h"

namespace outbox {
namespace {

std::optional<std::int64_t> ParseId(const std::string& text) {
  std::int64_t id = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, id);
  if (error != std::errc() || end != last || id < 0) return std::nullopt;
  return id;
}

std::string NameProblem(const std::string& text) {
  if (ParseId(text) || IsUuid(text)) return {};
  return "'" + text + "' is neither an id, like 4711, nor a message id, which is a UUID";
}

bool IsDate(const std::string& text) {
  static const std::regex date(
      R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)"
      R"((Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)?)?)");
  return std::regex_match(text, date);
}

CLI::Option* AddList(CLI::App& command, const char* name, std::vector<std::string>& values,
                     const char* what) {
  // One value each time, or they would swallow the ids that follow.
  return command.add_option(name, values, what)->allow_extra_args(false);
}

}  // namespace

std::string MomentProblem(const std::string& text) {
  if (IsDate(text) || SpanProblem(text).empty()) return {};
  return "'" + text + "' is neither a time ago, like 2h, nor a time, like 2026-01-31T12:00Z";
}

std::optional<Moment> ToMoment(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (IsDate(text)) return Moment{std::nullopt, text};
  return Moment{ParseDuration(text), ""};
}

void AddLimit(CLI::App& command, std::int64_t& limit) {
  command.add_option("--limit", limit, "At most so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

void AddNames(CLI::App& command, FilterOptions& options) {
  command.add_option("ids", options.names, "Ids or message ids")->check(NameProblem, "ID");
}

void AddFilterOptions(CLI::App& command, FilterOptions& options, const std::vector<std::string>& statuses) {
  AddNames(command, options);
  if (!statuses.empty()) {
    AddList(command, "--status", options.statuses, "Only in this state; several by comma")
        ->delimiter(',')
        ->check(CLI::IsMember(statuses));
  }
  AddList(command, "--topic", options.topics, "Only of this topic; may be repeated")->type_name("TOPIC");
  AddList(command, "--key", options.keys, "Only of this key; may be repeated")->type_name("KEY");
  command.add_option("--error", options.error, "Only where this occurs in the last error")->type_name("TEXT");
  command.add_option("--since", options.since, "Only inserted since: 2h ago, or 2026-01-31T12:00Z")
      ->check(MomentProblem, "TIME");
  command.add_option("--until", options.until, "Only inserted until")->check(MomentProblem, "TIME");
}

MessageFilter ToFilter(const FilterOptions& options) {
  MessageFilter filter;
  filter.statuses = options.statuses;
  filter.topics = options.topics;
  filter.keys = options.keys;
  filter.error = options.error;
  filter.since = ToMoment(options.since);
  filter.until = ToMoment(options.until);
  for (const std::string& name : options.names) {
    if (const auto id = ParseId(name)) {
      filter.ids.push_back(*id);
    } else {
      filter.message_ids.push_back(name);
    }
  }
  FilterOptions conditions = options;
  conditions.names.clear();
  if (filter.named() && !conditions.empty()) throw UsageError("name ids or conditions, not both");
  return filter;
}

nlohmann::ordered_json ToJson(const FilterOptions& options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) json[name] = values;
  };
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  list("ids", options.names);
  list("status", options.statuses);
  list("topic", options.topics);
  list("key", options.keys);
  text("error", options.error);
  text("since", options.since);
  text("until", options.until);
  return json;
}

FilterOptions FilterOf(const nlohmann::ordered_json& json) {
  using Strings = std::vector<std::string>;
  return {json.value("ids", Strings()), json.value("status", Strings()), json.value("topic", Strings()),
          json.value("key", Strings()), json.value("error", ""),         json.value("since", ""),
          json.value("until", "")};
}

}  // namespace outbox
