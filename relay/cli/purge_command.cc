// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/history_run.h"
#include "cli/log_purge.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "config/units.h"

namespace outbox {
namespace {

struct PurgeFlags : BulkFlags {
  std::string older_than;
};

bool Fits(const SentMessage& message) { return message.fits; }

int PurgeNow(const CommandLine& line, const PurgeFlags& flags, OperatorSession& session, BulkPace& pace) {
  if (session.log()) return PurgeLog(line, flags, flags.older_than, session);
  const FilterOptions filter = WithIds(session, flags.filter, false);
  const FoundRange range(session, ToFilter(filter));
  WalkOptions options;
  options.sent_before = ParseDuration(flags.older_than);
  HistoryWalk walk(session, range, options);
  ProgressBar bar(std::cerr, ErrorsAreWatched());
  if (!flags.execute) {
    return ShowPreview(line, session,
                       {"purge", CountHistory(walk, Fits, pace, bar), "", nlohmann::ordered_json::object()});
  }
  nlohmann::ordered_json asked = ToJson(flags.filter);
  if (!flags.older_than.empty()) asked["older_than"] = flags.older_than;
  Caller caller = ThisCaller(session);
  if (!flags.task.empty()) caller.task = flags.task;
  const RepairNote note{caller, "purge", Dump(asked), flags.reason};
  const HistoryTally tally = ChangeHistory(
      walk, Fits, [&](const auto& ids) { return PurgeSent(session, ids, note); }, pace, bar);
  TellTally(line, "purged", caller.task, tally);
  if (tally.interrupted) std::cerr << "interrupted; go on with --task " << caller.task << "\n";
  if (tally.messages == 0) std::cerr << "no sent message matches\n";
  return tally.ExitCode();
}

int Purge(const CommandLine& line, const PurgeFlags& flags) {
  if (flags.filter.empty() && flags.older_than.empty()) {
    throw CLI::RequiredError("ids, --older-than, or a filter,");
  }
  Signals signals;  // before the session, whose threads must not take them
  BulkPace pace(signals, flags.rate);
  return RunOperator(line, flags,
                     [&](OperatorSession& session) { return PurgeNow(line, flags, session, pace); });
}

}  // namespace

void AddPurge(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [purge, flags] =
      AddOperatorCommand({app, line, exit_code}, "purge", "Deletes sent messages now; 1: none", Purge);
  AddFilterOptions(*purge, flags->filter, {});
  purge
      ->add_option("--older-than", flags->older_than,
                   "Only what was sent so long ago, by the database's clock")
      ->check(SpanProblem, "TIME");
  purge->add_option("--reason", flags->reason, "Why, for outbox_audit")->check(ReasonProblem, "TEXT");
  AddBulkFlags(*purge, *flags);
  purge->footer(
      "Retention does this by itself; this is for when the disk cannot wait. What is not sent stays,\n"
      "whatever the filter says. Counts and shows without --execute, also for ids. A log loses only whole\n"
      "partitions: give --older-than alone.\n"
      "Examples:\n"
      "  outbox-relay -n orders purge --older-than 2d\n"
      "  outbox-relay -n orders purge --older-than 2d --execute --rate 5000\n"
      "  outbox-relay -n orders purge --topic clicks --execute --reason 'nobody reads them'");
}

}  // namespace outbox
