// SPDX-License-Identifier: Apache-2.0
#include "cli/bulk.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <iostream>

#include "postgres/operator_repairs.h"

namespace outbox {
namespace {

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

void AddBulkFlags(CLI::App& command, BulkFlags& flags) {
  command.add_flag("--execute", flags.execute, "Do it, instead of counting and showing");
  command.add_option("--rate", flags.rate, "At most so many messages a second")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("NUMBER");
  command.add_option("--task", flags.task, "Go on under the task of a run that was interrupted")
      ->check(TaskProblem, "UUID");
}

std::size_t BulkPace::portion() const {
  if (rate_ <= 0) return kMostRepaired;
  return std::clamp(static_cast<std::size_t>(rate_), std::size_t{1}, kMostRepaired);
}

bool BulkPace::Rest(std::chrono::steady_clock::duration took, std::size_t changed) {
  auto rest = std::chrono::duration_cast<milliseconds>(took);
  if (rate_ > 0) {
    const auto due = milliseconds(static_cast<std::int64_t>(1e3 * static_cast<double>(changed) / rate_));
    rest = std::max(rest, due - rest);
  }
  stopped_ = stopped_ || signals_.Wait(rest) == Signal::kTerminate;
  return !stopped_;
}

void TellMissing(const std::vector<MessageState>& there, const FilterOptions& filter) {
  for (const std::string& name : filter.names) {
    const bool found = std::ranges::any_of(there, [id = Lower(name)](const MessageState& state) {
      return std::to_string(state.id) == id || state.message_id == id;
    });
    if (!found) std::cerr << "there is no message " << name << "\n";
  }
}

}  // namespace outbox
