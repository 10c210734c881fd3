// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/filter_options.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "cli/text_table.h"
#include "postgres/operator_audit.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kCellWidth = 60;

struct AuditFlags : OperatorFlags {
  std::string task, command, since, until;
  std::int64_t limit = 20;
};

ordered_json Parsed(const std::optional<std::string>& json) {
  return json ? ordered_json::parse(*json) : nullptr;
}

ordered_json EntryJson(const AuditEntry& entry) {
  return {{"at", entry.at},
          {"task", entry.task},
          {"command", entry.command},
          {"role", entry.role},
          {"os_user", ToJson(entry.os_user)},
          {"host", ToJson(entry.host)},
          {"messages", entry.messages ? ordered_json(*entry.messages) : nullptr},
          {"filter", Parsed(entry.filter)},
          {"reason", ToJson(entry.reason)},
          {"detail", Parsed(entry.detail)}};
}

std::string Shown(const std::optional<std::string>& text) { return text ? Harmless(*text, kCellWidth) : "-"; }

void PrintEntries(const std::vector<AuditEntry>& entries) {
  std::vector<std::vector<std::string>> rows = {{"AT", "COMMAND", "MESSAGES", "WHO", "FILTER", "REASON"}};
  for (const AuditEntry& entry : entries) {
    const std::string who =
        entry.role + (entry.os_user ? " (" + *entry.os_user + "@" + Shown(entry.host) + ")" : "");
    rows.push_back({entry.at, Harmless(entry.command), entry.messages ? std::to_string(*entry.messages) : "-",
                    Harmless(who, kCellWidth), Shown(entry.filter), Shown(entry.reason)});
  }
  PrintColumns(std::cout, rows);
}

int Audit(const CommandLine& line, const AuditFlags& flags, OperatorSession& session) {
  const auto entries = ReadAudit(
      session, {flags.task, flags.command, ToMoment(flags.since), ToMoment(flags.until), flags.limit});
  if (line.output == "json") {
    auto all = ordered_json::array();
    for (const AuditEntry& entry : entries) all.push_back(EntryJson(entry));
    std::cout << Dump({{"entries", all}}) << "\n";
  } else if (line.output == "jsonl") {
    for (const AuditEntry& entry : entries) std::cout << Dump(EntryJson(entry)) << "\n";
  } else if (!entries.empty()) {
    PrintEntries(entries);
  }
  if (!entries.empty()) return kExitDone;
  std::cerr << "outbox_audit has no such entry\n";
  return kExitNo;
}

}  // namespace

void AddAudit(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [audit, flags] = AddOperatorCommand({app, line, exit_code}, "audit",
                                                 "Lists what operators did, newest first; 1: nothing", Audit);
  audit->add_option("--task", flags->task, "Only of this run of a command")->check(TaskProblem, "UUID");
  audit->add_option("--command", flags->command, "Only of this command")->type_name("NAME");
  audit->add_option("--since", flags->since, "Only since: 2h ago, or 2026-01-31T12:00Z")
      ->check(MomentProblem, "TIME");
  audit->add_option("--until", flags->until, "Only until")->check(MomentProblem, "TIME");
  AddLimit(*audit, flags->limit);
  audit->footer(
      "One entry is one transaction; those of one run have the same task. With -o json also the task and\n"
      "the detail: for discarded messages their ids, topics and errors.\n"
      "Examples:\n"
      "  outbox-relay -n orders audit\n"
      "  outbox-relay -n orders -o jsonl audit --command discard --since 7d --limit 1000");
}

}  // namespace outbox
