// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "campaign/checker.h"
#include "campaign/workload.h"

namespace outbox::campaign {

// One round of the campaign: servers, relays and writers of its own, faults for a while, then healed and
// drained, and judged.
struct RoundOptions {
  std::string relay;   // the binary
  std::string mortal;  // see Field::Options
  std::filesystem::path folder;
  std::uint64_t seed = 1;
  double seconds = 60;  // of faults
  std::string only{};   // these faults, or "none"
  Workload workload{};
  bool impatient = false;  // one finding is enough: what comes after it is left out
  std::string completion = "mark";
  int relays = 2;
  int brokers = 1;
};

struct RoundResult {
  Findings findings;
  DeliveryChecker::Counts counts;
  std::size_t faults = 0;
  std::map<std::string, int> happened;  // how often, by the fault's name
  double drained = 0;  // seconds from the end of the last fault and of the last writer to an empty backlog
};

RoundResult RunRound(const RoundOptions& options);
// A table: check, result, detail; and examples of what is wrong.
void PrintVerdict(const RoundResult& result);

}  // namespace outbox::campaign
