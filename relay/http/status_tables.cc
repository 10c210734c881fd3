// SPDX-License-Identifier: Apache-2.0
#include "http/status_tables.h"

#include "http/format.h"
#include "http/status_words.h"

namespace outbox {
namespace {

std::string FormatTotal(std::uint64_t count) { return FormatCount(static_cast<std::int64_t>(count)); }

void WriteFact(Html& html, const char* name, const std::string& value) {
  html << "<tr><th scope=row>" << Text(name) << "</th><td>" << Text(value) << "</td></tr>\n";
}

// "5 attempts, 12 min old, next attempt in 7 s, holds back its key"
std::string Circumstances(const RefusedStatus& message) {
  std::string text = std::to_string(message.attempts) +
                     (message.attempts == 1 ? " attempt, " : " attempts, ") + FormatDuration(message.age) +
                     " old";
  if (!message.failed) {
    text += message.due_in.count() > 0 ? ", next attempt in " + FormatDuration(message.due_in)
                                       : std::string(", next attempt now");
  }
  if (message.holds_key) text += ", holds back its key";
  return text;
}

void WriteMessage(Html& html, const RefusedStatus& message) {
  html << "<li><p><b>" << Text(std::to_string(message.id)) << "</b> <span"
       << ClassOf(message.failed ? Tone::kBad : Tone::kWarning) << ">"
       << Text(message.failed ? "failed" : "retrying") << "</span> <bdi>" << Text(message.topic) << "</bdi>";
  if (!message.key_hash.empty()) html << " <span class=detail>key #" << Text(message.key_hash) << "</span>";
  html << "</p>\n<p class=detail>" << Text(Circumstances(message)) << "</p>\n";
  if (!message.error.empty()) html << "<p class=error>" << Text(message.error) << "</p>\n";
  html << "<p><code>" << Text(message.remedy) << "</code></p></li>\n";
}

// A cell that has its column's name with it, for screens too narrow for a head line.
void WriteCell(Html& html, Markup name, const std::string& value, Tone tone = Tone::kGood) {
  html << "<td data-name=" << name << ClassOf(tone) << ">" << Text(value) << "</td>";
}

std::string PendingText(const TopicStatus& topic) {
  if (!topic.pending) return "–";
  const bool about = topic.pending->precision == RoughCount::Precision::kAbout;
  return (about ? "~" : "") + FormatCount(topic.pending->value);
}

void WriteTopic(Html& html, const TopicStatus& topic) {
  html << "<tr><th scope=row><bdi>" << Text(topic.topic) << "</bdi></th>";
  WriteCell(html, "Pending", PendingText(topic));
  WriteCell(html, "Oldest", topic.oldest.count() > 0 ? FormatDuration(topic.oldest) : "–");
  WriteCell(html, "Rate", FormatRate(topic.sent_per_second));
  WriteCell(html, "Sent", FormatTotal(topic.sent));
  WriteCell(html, "Retries", FormatTotal(topic.retries));
  WriteCell(html, "Failed", FormatTotal(topic.failed), topic.failed > 0 ? Tone::kBad : Tone::kGood);
  html << "</tr>\n";
}

}  // namespace

void WriteRefused(Html& html, const Status& status) {
  if (status.refused.empty()) return;
  html << "<section>\n<h2>Refused messages</h2>\n<ul class=cards>\n";
  for (const RefusedStatus& message : status.refused) WriteMessage(html, message);
  html << "</ul>\n<p class=detail>The newest " << Text(std::to_string(status.refused.size()))
       << "; all of them: <code>" << Text(status.refused_more) << "</code></p>\n</section>\n";
}

void WriteTopics(Html& html, const Status& status) {
  html << "<section>\n<h2>Topics</h2>\n";
  if (status.topics.empty()) {
    html << "<p class=detail>Nothing has been sent yet.</p>\n</section>\n";
    return;
  }
  html << "<div class=panel><table class=numbers>\n<thead><tr><th scope=col>Topic</th>"
          "<th scope=col>Pending</th><th scope=col>Oldest</th><th scope=col>Rate</th><th scope=col>Sent</th>"
          "<th scope=col>Retries</th><th scope=col>Failed</th></tr></thead>\n<tbody>\n";
  for (const TopicStatus& topic : status.topics) WriteTopic(html, topic);
  html << "</tbody></table></div>\n<p class=detail>Sent, retries and failed: by this relay since it started; "
          "the rate is that of the last minute. "
       << Text(status.topics_note) << "</p>\n</section>\n";
}

void WriteConnections(Html& html, const Status& status) {
  html << "<section>\n<h2>Connections</h2>\n<div class=panel><table class=facts>\n";
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
       << "</span></td></tr>\n</table></div>\n</section>\n";
}

void WriteTable(Html& html, const Status& status) {
  if (!status.table) return;
  const TableStatus& table = *status.table;
  html << "<section>\n<h2>Table</h2>\n<div class=panel><table class=facts>\n";
  WriteFact(html, "Oldest pending message", FormatDuration(table.oldest_pending));
  WriteFact(html, "Size", FormatBytes(table.size_bytes));
  WriteFact(html, "Dead tuples", FormatCount(table.dead_tuples));
  if (table.ids_left) WriteFact(html, "Room in partitions", FormatCount(*table.ids_left) + " messages");
  WriteFact(html, "Oldest transaction",
            table.oldest_transaction ? FormatDuration(*table.oldest_transaction) : "not permitted to see");
  html << "</table></div>\n<p class=detail>Sampled " << Text(FormatDuration(table.sampled))
       << " ago, the same on every relay.</p>\n</section>\n";
}

}  // namespace outbox
