// SPDX-License-Identifier: Apache-2.0
#include "http/status_page.h"

#include <algorithm>
#include <cmath>

#include "http/format.h"
#include "http/html.h"
#include "http/status_chart.h"
#include "http/status_style.h"
#include "http/status_tables.h"
#include "http/status_words.h"

namespace outbox {
namespace {

// A large figure with its name, and what is worth knowing about it.
void WriteFigure(Html& html, const char* name, const std::string& value, Tone tone = Tone::kGood,
                 const std::string& note = {}) {
  html << "<div><dt>" << Text(name) << "</dt><dd";
  if (tone != Tone::kGood) html << ClassOf(tone);
  html << ">" << Text(value);
  // The space is for text browsers.
  if (!note.empty()) html << " <small>" << Text(note) << "</small>";
  html << "</dd></div>\n";
}

void WriteCount(Html& html, const char* name, const RoughCount& count, Tone if_any) {
  WriteFigure(html, name, FormatCount(count.value), count.value > 0 ? if_any : Tone::kGood, NoteOn(count));
}

void WriteHead(Html& html, const Status& status) {
  html << "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
          "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=color-scheme content=\"light dark\">\n"
          "<meta http-equiv=refresh content=5>\n<title>"
       << Text(status.outbox) << ": " << Text(status.state.name) << "</title>\n<style>" << kStatusStyle
       << "</style>\n</head>\n<body>\n";
}

void WriteState(Html& html, const Status& status) {
  html << "<header>\n<h1><bdi>" << Text(status.outbox) << "</bdi> <span" << ClassOf(status.state.tone) << ">"
       << Text(status.state.name) << "</span></h1>\n";
  if (!status.state.why.empty()) html << "<p>" << Text(status.state.why) << "</p>\n";
  html << "</header>\n";
}

void WriteHolds(Html& html, const Status& status) {
  if (status.holds.empty()) return;
  html << "<section>\n<h2>Waiting</h2>\n<ul class=\"cards holds\">\n";
  for (const HoldStatus& hold : status.holds) {
    html << "<li><b><bdi>" << Text(hold.what) << "</bdi></b>: " << Text(hold.reason) << ", for "
         << Text(FormatDuration(hold.since));
    if (!hold.detail.empty()) html << "<br><span class=detail>" << Text(hold.detail) << "</span>";
    if (!hold.remedy.empty()) html << "<br><code>" << Text(hold.remedy) << "</code>";
    html << "</li>\n";
  }
  html << "</ul>\n</section>\n";
}

void WriteTableFigures(Html& html, const TableStatus& table) {
  WriteCount(html, "Pending", table.pending, Tone::kGood);
  WriteCount(html, "Retrying", table.retrying, Tone::kWarning);
  WriteCount(html, "Failed", table.failed, Tone::kBad);
  WriteCount(html, "Blocked keys", table.blocked_keys, Tone::kWarning);
  WriteFigure(html, "Lag", table.lag ? FormatDuration(*table.lag) : "unknown");
}

void WriteMessages(Html& html, const Status& status) {
  html << "<section>\n<h2>Messages</h2>\n<dl class=figures>\n";
  if (status.table) WriteTableFigures(html, *status.table);
  const FlowStatus& flow = status.flow;
  WriteFigure(html, "Out", FormatRate(flow.out_per_second));
  WriteFigure(html, "In", flow.in_per_second ? FormatRate(*flow.in_per_second) : "unknown", Tone::kGood,
              flow.in_per_second ? "estimate" : "");
  WriteFigure(html, "Time to empty", flow.time_to_empty ? FormatDuration(*flow.time_to_empty) : "–");
  WriteFigure(html, "In flight", FormatCount(flow.inflight_messages), Tone::kGood,
              FormatBytes(flow.inflight_bytes));
  html << "</dl>\n";
  if (!status.table) {
    html << "<p class=warning>What lies in the table is not known: " << Text(status.table_unknown)
         << "</p>\n";
  }
  html << "</section>\n";
}

void WriteHistory(Html& html, const Status& status) {
  if (status.history.size() < 2) return;
  StatusChart backlog{.name = "Backlog"}, lag{.name = "Lag"}, out{.name = "Out"};
  double most_pending = 0, most_lag = 0, most_out = 0;
  for (const HistoryStatus& point : status.history) {
    backlog.points.push_back({point.ago, point.pending});
    out.points.push_back({point.ago, point.out_per_second});
    if (point.lag) lag.points.push_back({point.ago, point.lag->count()});
    most_pending = std::max(most_pending, point.pending);
    most_out = std::max(most_out, point.out_per_second);
    if (point.lag) most_lag = std::max(most_lag, point.lag->count());
  }
  const HistoryStatus& now = status.history.back();
  backlog.now = FormatCount(std::llround(now.pending));
  backlog.most = FormatCount(std::llround(most_pending));
  lag.now = now.lag ? FormatDuration(*now.lag) : "unknown";
  lag.most = FormatDuration(StatusDuration(most_lag));
  out.now = FormatRate(now.out_per_second);
  out.most = FormatRate(most_out);
  html << "<section>\n<h2>The last half hour</h2>\n<div class=charts>\n";
  for (const StatusChart* chart : {&backlog, &lag, &out}) WriteChart(html, *chart);
  html << "</div>\n</section>\n";
}

void WriteFoot(Html& html, const Status& status) {
  html << "<footer>outbox-relay " << Text(status.version) << ", up for "
       << Text(FormatDuration(status.uptime))
       << " · <a href=\"/api/status\">JSON</a> · <a href=\"/metrics\">metrics</a> · "
          "<a href=\"/readyz\">ready</a> · <a href=\"/livez\">live</a></footer>\n</body>\n</html>\n";
}

}  // namespace

std::string StatusPage(const Status& status) {
  Html html;
  WriteHead(html, status);
  WriteState(html, status);
  html << "<main>\n";
  WriteHolds(html, status);
  WriteMessages(html, status);
  WriteHistory(html, status);
  WriteRefused(html, status);
  WriteTopics(html, status);
  html << "<div class=pair>\n";
  WriteConnections(html, status);
  WriteTable(html, status);
  html << "</div>\n";
  html << "</main>\n";
  WriteFoot(html, status);
  return html.Take();
}

}  // namespace outbox
