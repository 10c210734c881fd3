// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_filter.h"

namespace CLI {
class App;
}

namespace outbox {

// The filter as it is typed.
struct FilterOptions {
  std::vector<std::string> names;  // ids and message ids
  std::vector<std::string> statuses, topics, keys;
  std::string error, since, until;

  bool empty() const {
    return names.empty() && statuses.empty() && topics.empty() && keys.empty() && error.empty() &&
           since.empty() && until.empty();
  }
};

// `statuses`: those that the command takes; none: it has no choice.
void AddFilterOptions(CLI::App& command, FilterOptions& options, const std::vector<std::string>& statuses);
void AddNames(CLI::App& command, FilterOptions& options);
void AddLimit(CLI::App& command, std::int64_t& limit);

// Of one moment: a check for CLI11, and what was meant; none for an empty text.
std::string MomentProblem(const std::string& text);
std::optional<Moment> ToMoment(const std::string& text);

// Throws UsageError where names and conditions are mixed.
MessageFilter ToFilter(const FilterOptions& options);

// As typed, for outbox_audit; and back.
nlohmann::ordered_json ToJson(const FilterOptions& options);
FilterOptions FilterOf(const nlohmann::ordered_json& json);

}  // namespace outbox
