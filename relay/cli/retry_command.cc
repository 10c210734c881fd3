// SPDX-License-Identifier: Apache-2.0
#include "cli/registration.h"
#include "cli/repair_run.h"

namespace outbox {
namespace {

int Retry(const CommandLine& line, const BulkFlags& flags) { return RunRepair(line, flags, Repair::kRetry); }

}  // namespace

void AddRetry(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [retry, flags] = AddOperatorCommand(
      {app, line, exit_code}, "retry", "Tries failed and retrying messages again now; 1: none", Retry);
  AddFilterOptions(*retry, flags->filter, {"failed", "retrying"});
  retry->add_option("--reason", flags->reason, "Why, for outbox_audit")->check(ReasonProblem, "TEXT");
  AddBulkFlags(*retry, *flags);
  retry->footer(
      "Ids are tried at once. A filter means failed messages unless --status says otherwise, and only\n"
      "counts and shows without --execute. All waiting messages of a key are tried together, also those\n"
      "not asked for: so they keep their order, and newer ones of the key wait for them.\n"
      "75: a relay has had the lane for five seconds; nothing of that lane was changed.\n"
      "Examples:\n"
      "  outbox-relay -n orders retry 4711 4712\n"
      "  outbox-relay -n orders retry --topic invoices --error 'too large'\n"
      "  outbox-relay -n orders retry --topic invoices --error 'too large' --execute");
}

}  // namespace outbox
