// SPDX-License-Identifier: Apache-2.0
#include "e2e/verdict.h"

#include <algorithm>
#include <set>

namespace outbox::test {
namespace {

constexpr std::size_t kMostExamples = 10;

struct Seen {
  std::set<std::int64_t> sequences;
  std::int64_t highest = 0;
};

void Example(Verdict& verdict, const std::string& text) {
  if (verdict.examples.size() < kMostExamples) verdict.examples.push_back(text);
}

}  // namespace

Verdict Judge(const std::vector<Record>& records, const std::map<std::string, std::int64_t>& expected) {
  Verdict verdict;
  std::map<std::string, Seen> units;
  for (const Record& record : records) {
    const std::string name = record.topic + "/" + record.key.value_or("");
    const std::int64_t sequence = std::stoll(record.payload.value_or("0"));
    Seen& unit = units[name];
    if (!unit.sequences.insert(sequence).second) {
      ++verdict.duplicates;
      continue;
    }
    ++verdict.seen;
    if (sequence < unit.highest) {
      ++verdict.out_of_order;
      Example(verdict, name + ": " + std::to_string(sequence) + " after " + std::to_string(unit.highest));
    }
    unit.highest = std::max(unit.highest, sequence);
    const auto committed = expected.find(name);
    if (committed == expected.end() || sequence > committed->second) {
      ++verdict.phantoms;
      Example(verdict, name + ": " + std::to_string(sequence) + " was never committed");
    }
  }
  for (const auto& [name, count] : expected) {
    for (std::int64_t sequence = 1; sequence <= count; ++sequence) {
      if (units[name].sequences.contains(sequence)) continue;
      ++verdict.lost;
      Example(verdict, name + ": " + std::to_string(sequence) + " is lost");
    }
  }
  return verdict;
}

std::vector<double> Latencies(const std::vector<Record>& records) {
  std::set<std::string> seen;
  std::vector<double> latencies;
  for (const Record& record : records) {
    const std::string& payload = *record.payload;
    if (!seen.insert(record.topic + "/" + record.key.value_or("") + "/" +
                     payload.substr(0, payload.find(' ')))
             .second)
      continue;
    const std::int64_t inserted = std::stoll(payload.substr(payload.find(' ') + 1));
    latencies.push_back((static_cast<double>(record.timestamp_ms) * 1'000 - static_cast<double>(inserted)) /
                        1'000);
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

double Percentile(const std::vector<double>& sorted, double percent) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(sorted.size() - 1));
  return sorted[rank];
}

}  // namespace outbox::test
