// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/filter_options.h"
#include "cli/message_view.h"
#include "cli/registration.h"

namespace outbox {
namespace {

struct ListFlags : OperatorFlags {
  FilterOptions filter;
  std::int64_t limit = 20;
};

int List(const CommandLine& line, const ListFlags& flags, OperatorSession& session) {
  const FoundRange range(session, ToFilter(flags.filter));
  // One more than asked for tells that there are more.
  std::vector<MessageState> states = ListMessages(session, range, flags.limit + 1);
  const bool more = static_cast<std::int64_t>(states.size()) > flags.limit;
  if (more) states.pop_back();
  if (line.output == "json") {
    auto messages = nlohmann::ordered_json::array();
    for (const MessageState& state : states) messages.push_back(ToJson(state));
    std::cout << Dump({{"messages", messages}, {"more", more}}) << "\n";
  } else if (line.output == "jsonl") {
    for (const MessageState& state : states) std::cout << Dump(ToJson(state)) << "\n";
  } else if (!states.empty()) {
    PrintTable(states);
  }
  if (line.output == "table" && states.empty()) std::cerr << "no message matches\n";
  if (line.output == "table" && more) std::cerr << "there are more: see --limit\n";
  return states.empty() ? kExitNo : kExitDone;
}

}  // namespace

void AddList(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [list, flags] = AddOperatorCommand(
      {app, line, exit_code}, "list", "Lists messages, newest first, never what they say; 1: none", List);
  AddFilterOptions(*list, flags->filter, {"pending", "retrying", "failed", "sent"});
  AddLimit(*list, flags->limit);
  list->footer(
      "Times are those of the insert. A message id is looked for in the whole table, unless you have an\n"
      "index on it.\n"
      "Examples:\n"
      "  outbox-relay -n orders list --status failed\n"
      "  outbox-relay -n orders list --topic invoices --key 42 --since 2h\n"
      "  outbox-relay -n orders -o jsonl list --status failed,retrying --error 'too large' --limit 1000");
}

}  // namespace outbox
