// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <string>

#include "metrics/claim_tally.h"

namespace outbox {

// What makes the relay's version, for build_info.
struct BuildInfo;

prometheus::Family<prometheus::Counter>& CounterFamily(prometheus::Registry& registry,
                                                       const prometheus::Labels& labels, const char* name,
                                                       const char* help);

inline constexpr std::array<const char*, 3> kClaimResults{"full", "partial", "empty"};
inline constexpr std::array<const char*, 3> kDeadLetterResults{"copied", "postponed", "given_up"};
inline constexpr std::array<const char*, 5> kGenerationReasons{"refusal", "deadline", "fatal", "shutdown",
                                                               "other"};
inline constexpr std::array<const char*, 5> kRollbackReasons{"connection_lost", "timeout", "row_count",
                                                             "shutdown", "other"};
inline constexpr std::array<const char*, 4> kReconnectReasons{"lost", "read_only", "timeout", "other"};
inline constexpr std::array<const char*, 5> kLogLevels{"trace", "debug", "info", "warn", "error"};

// Every counter and histogram without a topic, made at the start so that each is there from zero on.
// The objects belong to the registry, which outlives this; they are thread-safe.
struct Counters {
  Counters(prometheus::Registry& registry, const prometheus::Labels& labels, const BuildInfo& build);

  template <std::size_t n>
  using Group = std::array<prometheus::Counter*, n>;

  prometheus::Counter* claimed;
  Group<kReturnReasons.size()> returned;
  Group<kDuplicateReasons.size()> duplicates;
  Group<kClaimResults.size()> claims;
  Group<kDeadLetterResults.size()> dead_letters;
  Group<kGenerationReasons.size()> generations;
  Group<kRollbackReasons.size()> rollbacks;
  Group<kReconnectReasons.size()> reconnects;
  Group<kLogLevels.size()> log_messages;
  prometheus::Counter* sweeps;
  prometheus::Counter* swept;
  prometheus::Counter* purged;
  prometheus::Counter* lanes_busy;
  prometheus::Counter* breaker_trips;
  prometheus::Histogram* claim;
  prometheus::Histogram* settle;
  prometheus::Histogram* transaction;
  prometheus::Histogram* publish;
  prometheus::Histogram* latency;
};

// The place of `value` in `values`; the last one, which is "other", if it is not there.
template <std::size_t n>
std::size_t IndexOf(const std::array<const char*, n>& values, std::string_view value) {
  for (std::size_t i = 0; i < n; ++i) {
    if (value == values[i]) return i;
  }
  return n - 1;
}

}  // namespace outbox
