// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outbox::campaign {

enum class Check : std::uint8_t {
  kPhantom,     // nothing arrives that was not committed
  kIntegrity,   // payload, key, headers, topic and partition are as they were written
  kLoss,        // everything committed arrives, or is failed with a reason
  kOrder,       // first copies of a serialised key arrive in its order
  kDuplicates,  // repeats only near a fault, and not more than were in flight
  kDatabase,    // what the outbox says agrees with what arrived
  kLiveness,    // the backlog goes away within a bound, and no relay ends by itself
  kMetrics,     // at least as many persisted reports as different messages; sweeps find nothing
  kBooks,       // the journal agrees with the side table: the judge's own books
};
inline constexpr std::size_t kChecks = 9;
std::string_view NameOf(Check check);

// What is wrong, counted by check, with the first few examples of each.
class Findings {
 public:
  void Add(Check check, std::string example);
  std::int64_t count(Check check) const { return entries_[static_cast<std::size_t>(check)].count; }
  const std::vector<std::string>& examples(Check check) const {
    return entries_[static_cast<std::size_t>(check)].examples;
  }
  bool none() const;

 private:
  struct Entry {
    std::int64_t count = 0;
    std::vector<std::string> examples;
  };
  std::array<Entry, kChecks> entries_;
};

}  // namespace outbox::campaign
