// SPDX-License-Identifier: Apache-2.0
#include "campaign/findings.h"

#include <algorithm>

namespace outbox::campaign {
namespace {

constexpr std::size_t kExamples = 5;

}  // namespace

std::string_view NameOf(Check check) {
  switch (check) {
    case Check::kPhantom:
      return "no phantom";
    case Check::kIntegrity:
      return "integrity";
    case Check::kLoss:
      return "no loss";
    case Check::kOrder:
      return "order";
    case Check::kDuplicates:
      return "duplicates explained";
    case Check::kDatabase:
      return "database agrees";
    case Check::kLiveness:
      return "liveness";
    case Check::kMetrics:
      return "metrics agree";
    case Check::kBooks:
      return "books agree";
  }
  return "";
}

void Findings::Add(Check check, std::string example) {
  Entry& entry = entries_[static_cast<std::size_t>(check)];
  ++entry.count;
  if (entry.examples.size() < kExamples) entry.examples.push_back(std::move(example));
}

bool Findings::none() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.count == 0; });
}

}  // namespace outbox::campaign
