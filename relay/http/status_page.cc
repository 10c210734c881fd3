// SPDX-License-Identifier: Apache-2.0
#include "http/status_page.h"

#include "http/format.h"
#include "http/html.h"
#include "http/status_style.h"

namespace outbox {
namespace {

Markup ClassOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return " class=good";
    case Tone::kWarning:
      return " class=warning";
    case Tone::kBad:
      return " class=bad";
  }
  return "";
}

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

// How far a count can be trusted.
const char* NoteOn(const RoughCount& count) {
  switch (count.precision) {
    case RoughCount::Precision::kExact:
      return "";
    case RoughCount::Precision::kAbout:
      return "estimate";
    case RoughCount::Precision::kAtLeast:
      return "or more";
  }
  return "";
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
  html << "<section>\n<h2>Waiting</h2>\n<ul class=holds>\n";
  for (const HoldStatus& hold : status.holds) {
    html << "<li><b><bdi>" << Text(hold.what) << "</bdi></b>: " << Text(hold.reason) << ", for "
         << Text(FormatDuration(hold.since));
    if (!hold.detail.empty()) html << "<br><span class=detail>" << Text(hold.detail) << "</span>";
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

void WriteConnections(Html& html, const Status& status) {
  html << "<section>\n<h2>Connections</h2>\n<table class=facts>\n";
  for (const ConnectionStatus& connection : status.connections) {
    html << "<tr><th scope=row>" << Text(connection.name) << "</th><td>";
    if (connection.up) {
      html << "<span class=good>up</span>";
    } else {
      html << "<span class=bad>down</span>";
    }
    if (connection.since.count() > 0) html << " for " << Text(FormatDuration(connection.since));
    if (!connection.detail.empty()) {
      html << "<br><span class=detail>" << Text(connection.detail) << "</span>";
    }
    html << "</td></tr>\n";
  }
  html << "<tr><th scope=row>Breaker</th><td><span"
       << ClassOf(status.breaker == "closed" ? Tone::kGood : Tone::kBad) << ">" << Text(status.breaker)
       << "</span></td></tr>\n</table>\n</section>\n";
}

void WriteTopics(Html& html, const Status& status) {
  html << "<section>\n<h2>Topics</h2>\n";
  if (status.topics.empty()) {
    html << "<p class=detail>Nothing has been sent yet.</p>\n</section>\n";
    return;
  }
  html
      << "<div class=scroll><table class=numbers>\n<thead><tr><th scope=col>Topic</th><th scope=col>Rate</th>"
         "<th scope=col>Sent</th><th scope=col>Retries</th><th scope=col>Failed</th></tr></thead>\n<tbody>\n";
  for (const TopicStatus& topic : status.topics) {
    html << "<tr><th scope=row><bdi>" << Text(topic.topic) << "</bdi></th><td>"
         << Text(FormatRate(topic.sent_per_second)) << "</td><td>"
         << Text(FormatCount(static_cast<std::int64_t>(topic.sent))) << "</td><td>"
         << Text(FormatCount(static_cast<std::int64_t>(topic.retries))) << "</td><td"
         << ClassOf(topic.failed > 0 ? Tone::kBad : Tone::kGood) << ">"
         << Text(FormatCount(static_cast<std::int64_t>(topic.failed))) << "</td></tr>\n";
  }
  html << "</tbody></table></div>\n<p class=detail>By this relay since it started; rates over the last "
          "minute.</p>\n</section>\n";
}

void WriteTable(Html& html, const Status& status) {
  if (!status.table) return;
  const TableStatus& table = *status.table;
  const auto row = [&](const char* name, const std::string& value) {
    html << "<tr><th scope=row>" << Text(name) << "</th><td>" << Text(value) << "</td></tr>\n";
  };
  html << "<section>\n<h2>Table</h2>\n<table class=facts>\n";
  row("Oldest pending message", FormatDuration(table.oldest_pending));
  row("Size", FormatBytes(table.size_bytes));
  row("Dead tuples", FormatCount(table.dead_tuples));
  row("Oldest transaction",
      table.oldest_transaction ? FormatDuration(*table.oldest_transaction) : "not permitted to see");
  html << "</table>\n<p class=detail>Sampled " << Text(FormatDuration(table.sampled))
       << " ago, the same on every relay.</p>\n</section>\n";
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
  WriteConnections(html, status);
  WriteTopics(html, status);
  WriteTable(html, status);
  html << "</main>\n";
  WriteFoot(html, status);
  return html.Take();
}

}  // namespace outbox
