// SPDX-License-Identifier: Apache-2.0
#include "demo/report.h"

#include <fmt/format.h>

namespace outbox {
namespace {

Line Row(const char* name, Span value, std::string remark = {}) {
  Line line{{fmt::format("  {:<14}", name), Ink::kDim}, std::move(value)};
  if (!remark.empty()) line.push_back({"   " + std::move(remark), Ink::kDim});
  return line;
}

Span Fault(std::int64_t count) { return {Grouped(count), count == 0 ? Ink::kGood : Ink::kBad}; }

void AddOutage(std::vector<Line>& lines, const Balance& balance) {
  if (!balance.outage) return;
  lines.push_back(Row("outage", {fmt::format("{} s", balance.outage->count())},
                      fmt::format("{}backlog up to {} rows", balance.breaker_opened ? "breaker opened, " : "",
                                  Grouped(balance.highest_backlog))));
  if (balance.recovery) {
    const double taken = std::chrono::duration<double>(*balance.recovery).count();
    lines.push_back(Row("recovery", {fmt::format("{:.1f} s", taken)},
                        "from the broker's return until the backlog was gone"));
  }
}

Line Conclusion(const Balance& balance) {
  if (!balance.kept()) {
    return {{"The promise was broken. Please report it, with what was to be seen above.", Ink::kBad}};
  }
  if (balance.left > 0)
    return {{"Ended before everything was out. What is left was still in the outbox.", Ink::kWarning}};
  return {{"Nothing was lost, nothing came out of order.", Ink::kGood}};
}

}  // namespace

std::vector<Line> DrawReport(const Balance& balance) {
  const Ledger::Totals& totals = balance.totals;
  std::vector<Line> lines{{}};
  lines.push_back(Row("committed", {Grouped(totals.committed), Ink::kBold},
                      fmt::format("and {} rolled back", Grouped(totals.rolled_back))));
  lines.push_back(Row("delivered", {Grouped(totals.delivered), Ink::kBold},
                      balance.left > 0 ? fmt::format("{} left in the outbox", Grouped(balance.left)) : ""));
  lines.push_back(Row("lost", Fault(balance.lost)));
  lines.push_back(Row("out of order", Fault(totals.out_of_order), "first arrivals, for each key"));
  lines.push_back(Row("never written", Fault(totals.ghosts), "of transactions that were rolled back"));
  lines.push_back(Row("duplicates", {Grouped(totals.duplicates)},
                      totals.duplicates > 0 ? "what was in flight when the broker went" : ""));
  lines.push_back(Row("failed", {std::to_string(balance.failed.size())},
                      fmt::format("{} retries", Grouped(static_cast<std::int64_t>(balance.retries)))));
  for (const auto& message : balance.failed) {
    lines.push_back(
        {{fmt::format("                message {}, key {}: {}", message.id, message.key, message.error),
          Ink::kWarning}});
  }
  lines.push_back(Row("latency",
                      {fmt::format("{} p50, {} p99", ShortTime(balance.p50), ShortTime(balance.p99))},
                      balance.outage ? "insert to consumer, apart from the outage" : "insert to consumer"));
  AddOutage(lines, balance);
  lines.push_back({});
  lines.push_back(Conclusion(balance));
  return lines;
}

}  // namespace outbox
