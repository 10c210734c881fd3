// SPDX-License-Identifier: Apache-2.0
#include "demo/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace outbox {
namespace {

using Phase = Scenario::Phase;

constexpr std::size_t kSparkWidth = 40;

std::string Seconds(milliseconds duration) {
  return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000);
}

Ink InkOf(Phase phase) {
  switch (phase) {
    case Phase::kOutage:
      return Ink::kBad;
    case Phase::kCatchingUp:
      return Ink::kWarning;
    case Phase::kSteady:
    case Phase::kDraining:
      return Ink::kGood;
  }
  return Ink::kPlain;
}

Span BreakerSpan(BreakerState breaker) {
  switch (breaker) {
    case BreakerState::kClosed:
      return {"closed", Ink::kGood};
    case BreakerState::kOpen:
      return {"open", Ink::kBad};
    case BreakerState::kHalfOpen:
      return {"half-open", Ink::kWarning};
  }
  return {};
}

// A count that should be zero.
Span Fault(std::int64_t count) { return {Grouped(count), count == 0 ? Ink::kGood : Ink::kBad}; }

Line Curve(const char* name, double value, const char* unit, const std::deque<double>& history, Ink ink,
           bool unicode) {
  return {{fmt::format("  {:<9}", name), Ink::kDim},
          {fmt::format("{:>9} {:<7}", Grouped(std::llround(value)), unit), Ink::kBold},
          {Sparkline(history, kSparkWidth, unicode), ink}};
}

void AddHead(std::vector<Line>& lines, const Playbill& playbill, const Figures& figures, bool unicode) {
  const auto elapsed = std::chrono::duration_cast<seconds>(figures.elapsed).count();
  const std::string clock = figures.length ? fmt::format("{} of {} s", elapsed, figures.length->count())
                                           : fmt::format("{} s", elapsed);
  const char* const arrow = unicode ? "  ──▶  " : "  -->  ";
  lines.push_back(
      {{"outbox-relay demo", Ink::kBold}, {fmt::format("   {}   Ctrl-C ends it", clock), Ink::kDim}});
  lines.push_back({{playbill.postgres},
                   {arrow, Ink::kDim},
                   {"outbox-relay " + playbill.version},
                   {arrow, Ink::kDim},
                   {playbill.kafka}});
  lines.push_back({});
  lines.push_back({{unicode ? "▌ " : "| ", InkOf(figures.phase)}, {figures.story, InkOf(figures.phase)}});
  lines.push_back({});
}

void AddFlow(std::vector<Line>& lines, const Figures& figures, bool unicode) {
  lines.push_back(Curve("in", figures.in_per_second, "rows/s", figures.in_history, Ink::kIn, unicode));
  lines.push_back(Curve("out", figures.out_per_second, "msg/s", figures.out_history, Ink::kOut, unicode));
  lines.push_back(Curve("backlog", static_cast<double>(figures.totals.backlog()), "rows",
                        figures.backlog_history, Ink::kBacklog, unicode));
  lines.push_back({});
  lines.push_back({{"  latency  ", Ink::kDim},
                   {fmt::format("{:>9}", ShortTime(figures.p50))},
                   {" p50  ", Ink::kDim},
                   {fmt::format("{:>9}", ShortTime(figures.p99))},
                   {" p99     lag ", Ink::kDim},
                   {Seconds(figures.lag)},
                   {"   breaker ", Ink::kDim},
                   BreakerSpan(figures.breaker),
                   {figures.topic_paused ? "   topic paused" : "", Ink::kWarning}});
}

void AddBooks(std::vector<Line>& lines, const Figures& figures) {
  const Ledger::Totals& totals = figures.totals;
  lines.push_back({{"  committed", Ink::kDim},
                   {fmt::format("{:>9}", Grouped(totals.committed)), Ink::kBold},
                   {fmt::format("       rolled back {}", Grouped(totals.rolled_back)), Ink::kDim}});
  lines.push_back({{"  delivered", Ink::kDim},
                   {fmt::format("{:>9}", Grouped(totals.delivered)), Ink::kBold},
                   {"       out of order ", Ink::kDim},
                   Fault(totals.out_of_order),
                   {"   of rolled back ", Ink::kDim},
                   Fault(totals.ghosts),
                   {fmt::format("   duplicates {}", Grouped(totals.duplicates)), Ink::kDim}});
  Line refused{{"  failed   ", Ink::kDim}, {fmt::format("{:>9}", figures.failed.size()), Ink::kBold}};
  refused.push_back({fmt::format("       retries {}", figures.retries), Ink::kDim});
  if (!figures.failed.empty()) {
    refused.push_back(
        {fmt::format("   message {}: {}", figures.failed[0].id, figures.failed[0].error), Ink::kWarning});
  }
  lines.push_back(std::move(refused));
}

void AddFoot(std::vector<Line>& lines, const Playbill& playbill, const std::vector<std::string>& log) {
  lines.push_back({});
  lines.push_back(
      {{"  page     ", Ink::kDim}, {playbill.url}, {"   metrics ", Ink::kDim}, {playbill.url + "metrics"}});
  lines.push_back({{"  rows     ", Ink::kDim}, {playbill.psql}});
  if (log.empty()) return;
  lines.push_back({});
  for (const auto& line : log) lines.push_back({{"  " + line, Ink::kDim}});
}

}  // namespace

std::vector<Line> DrawView(const Playbill& playbill, const Figures& figures,
                           const std::vector<std::string>& log, bool unicode) {
  std::vector<Line> lines;
  AddHead(lines, playbill, figures, unicode);
  AddFlow(lines, figures, unicode);
  lines.push_back({});
  AddBooks(lines, figures);
  AddFoot(lines, playbill, log);
  return lines;
}

std::string PlainLine(const Figures& figures) {
  const auto compact = [](std::string text) {
    std::erase(text, ' ');
    return text;
  };
  const Ledger::Totals& totals = figures.totals;
  return fmt::format(
      "t={}s in={:.0f}/s out={:.0f}/s backlog={} lag={} p50={} p99={} committed={} delivered={} "
      "duplicates={} "
      "out_of_order={} retries={} failed={} breaker={} topic={}",
      figures.elapsed.count() / 1000, figures.in_per_second, figures.out_per_second, totals.backlog(),
      compact(Seconds(figures.lag)), compact(ShortTime(figures.p50)), compact(ShortTime(figures.p99)),
      totals.committed, totals.delivered, totals.duplicates, totals.out_of_order, figures.retries,
      figures.failed.size(), BreakerSpan(figures.breaker).text, figures.topic_paused ? "paused" : "running");
}

std::string Sparkline(const std::deque<double>& values, std::size_t width, bool unicode) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr const char* kLetters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
  constexpr double kSteps = 7;
  const std::size_t count = std::min(width, values.size());
  const auto first = values.end() - static_cast<std::ptrdiff_t>(count);
  const double highest = std::max(1.0, count == 0 ? 0 : *std::max_element(first, values.end()));
  std::string line;
  for (auto value = first; value != values.end(); ++value) {
    const auto step = static_cast<std::size_t>(std::lround(std::max(0.0, *value) / highest * kSteps));
    line += unicode ? kBlocks[step] : kLetters[step];
  }
  return line;
}

std::string Grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string ShortTime(std::optional<microseconds> duration) {
  if (!duration) return "-";
  const auto micros = static_cast<double>(duration->count());
  if (micros < 99'950) return fmt::format("{:.1f} ms", micros / 1e3);
  if (micros < 999'500) return fmt::format("{:.0f} ms", micros / 1e3);
  return fmt::format("{:.1f} s", micros / 1e6);
}

}  // namespace outbox
