// SPDX-License-Identifier: Apache-2.0
#include "cli/registration.h"
#include "cli/repair_run.h"

namespace outbox {
namespace {

int Discard(const CommandLine& line, const BulkFlags& flags) {
  return RunRepair(line, flags, Repair::kDiscard);
}

}  // namespace

void AddDiscard(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [discard, flags] = AddOperatorCommand(
      {app, line, exit_code}, "discard", "Deletes messages that were not sent, for good; 1: none", Discard);
  AddFilterOptions(*discard, flags->filter, {"failed", "retrying", "pending"});
  discard->add_option("--reason", flags->reason, "Why, for outbox_audit")
      ->required()
      ->check(ReasonProblem, "TEXT");
  AddBulkFlags(*discard, *flags);
  discard->footer(
      "Ids are discarded at once. A filter means failed messages unless --status says otherwise, and only\n"
      "counts and shows without --execute. outbox_audit keeps ids, topics and errors, not what the\n"
      "messages said. Messages that another transaction has locked are passed over and named.\n"
      "Examples:\n"
      "  outbox-relay -n orders discard 4711 --reason 'order was deleted'\n"
      "  outbox-relay -n orders discard --topic ordres --status pending --reason 'misspelt topic' --execute");
}

}  // namespace outbox
