// SPDX-License-Identifier: Apache-2.0
#include "demo/report.h"
#include "demo/view.h"
#include "support/catch.h"

namespace outbox {
namespace {

std::string Text(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    for (const Span& span : line) text += span.text;
    text += "\n";
  }
  return text;
}

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Figures SomeFigures() {
  Figures figures;
  figures.elapsed = milliseconds(12'300);
  figures.length = seconds(20);
  figures.story = "All is well.";
  figures.in_per_second = 2'004.4;
  figures.totals.committed = 24'120;
  figures.totals.delivered = 22'916;
  figures.p50 = microseconds(3'210);
  figures.breaker = BreakerState::kOpen;
  figures.failed.push_back({4'711, "oversized", "too_large"});
  return figures;
}

}  // namespace

TEST_CASE("the view shows rates, backlog, books, breaker, failure and addresses within 80 columns") {
  const Playbill playbill{"0.1.0", "PostgreSQL 15.8, temporary", "Kafka, mock", "http://127.0.0.1:40000/",
                          "psql"};
  const auto lines = DrawView(playbill, SomeFigures(), {"a line of the log"}, true);
  const std::string text = Text(lines);
  for (const char* part :
       {"12 of 20 s", "All is well.", "2,004 rows/s", "1,204 rows", "3.2 ms p50", "breaker open", "24,120",
        "22,916", "message 4711: too_large", "http://127.0.0.1:40000/metrics", "a line of the log"}) {
    INFO(text);
    CHECK(Has(text, part));
  }
  for (const Line& line : lines) {
    const std::string one = Text({line});
    CHECK(std::count_if(one.begin(), one.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 81);
  }
}

TEST_CASE("a view for a terminal without UTF-8 is ASCII") {
  Figures figures = SomeFigures();
  figures.in_history = {0, 500, 1'000};
  const std::string text = Text(DrawView({}, figures, {}, false));
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST_CASE("a sparkline shows the newest values against the highest of them") {
  CHECK(Sparkline({9'000, 0, 50, 100}, 3, true) == "▁▅█");
  CHECK(Sparkline({0, 100}, 40, false) == "_#");
  CHECK(Sparkline({}, 40, true).empty());
  CHECK(Sparkline({0, 0}, 40, true) == "▁▁");
}

TEST_CASE("numbers and times are written for people") {
  CHECK(Grouped(0) == "0");
  CHECK(Grouped(999) == "999");
  CHECK(Grouped(1'000) == "1,000");
  CHECK(Grouped(1'234'567) == "1,234,567");
  CHECK(ShortTime(std::nullopt) == "-");
  CHECK(ShortTime(microseconds(3'210)) == "3.2 ms");
  CHECK(ShortTime(microseconds(572'000)) == "572 ms");
  CHECK(ShortTime(microseconds(2'440'000)) == "2.4 s");
}

TEST_CASE("the report calls a broken promise by its name") {
  Balance balance;
  balance.totals.committed = balance.totals.delivered = 10;
  CHECK(Has(Text(DrawReport(balance)), "Nothing was lost"));
  balance.left = 3;
  CHECK(Has(Text(DrawReport(balance)), "still in the outbox"));
  balance.totals.out_of_order = 1;
  CHECK(Has(Text(DrawReport(balance)), "promise was broken"));
  balance.totals.out_of_order = 0;
  balance.lost = 1;
  CHECK_FALSE(balance.kept());
}

}  // namespace outbox
