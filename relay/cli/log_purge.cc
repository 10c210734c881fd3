// SPDX-License-Identifier: Apache-2.0
#include "cli/log_purge.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/message_view.h"
#include "config/units.h"
#include "postgres/log_partitions.h"

namespace outbox {
namespace {

struct PurgePlan {
  std::vector<std::string> names;
  std::int64_t ids = 0;
  std::string stays;  // why the first of the others does
};

std::string WhyItStays(const LogPartition& partition) {
  if (!partition.done)
    return partition.name + " stays: not all of its messages are done, or more may be added to it";
  return fmt::format("{} stays: its last message was inserted {:.0f} s ago", partition.name,
                     *partition.youngest);
}

PurgePlan PlanOf(const std::vector<LogPartition>& partitions, milliseconds older_than) {
  const double age = std::chrono::duration<double>(older_than).count();
  PurgePlan plan;
  for (const LogPartition& partition : partitions) {
    if (!partition.done || (partition.youngest && *partition.youngest <= age)) {
      plan.stays = WhyItStays(partition);
      break;
    }
    plan.names.push_back(partition.name);
    plan.ids += partition.ids();
  }
  return plan;
}

void TellPurge(const CommandLine& line, bool executed, std::int64_t ids, const PurgePlan& plan,
               const std::string& task) {
  if (line.output != "table") {
    nlohmann::ordered_json json = {
        {"executed", executed}, {"ids", ids}, {"partitions", plan.names}, {"stays", plan.stays}};
    if (executed) json["task"] = task;
    std::cout << Dump(json) << "\n";
    return;
  }
  if (ids > 0) {
    std::cout << (executed ? "dropped" : "would drop") << " " << plan.names.size() << " partitions with "
              << ids << " ids\n";
  }
  if (!plan.stays.empty()) std::cerr << plan.stays << "\n";
}

}  // namespace

int PurgeLog(const CommandLine& line, const BulkFlags& flags, const std::string& older_than,
             OperatorSession& session) {
  if (!flags.filter.empty()) {
    throw NoAnswer(
        "the outbox is kept as a log, which loses messages only in whole partitions: give --older-than and "
        "nothing else");
  }
  const milliseconds age = ParseDuration(older_than).value_or(milliseconds(0));
  const PurgePlan plan = PlanOf(ReadPartitions(session), age);
  if (!flags.execute || plan.names.empty()) {
    TellPurge(line, false, plan.ids, plan, "");
    if (plan.names.empty()) return kExitNo;
    std::cerr << "nothing was changed; do it with --execute\n";
    return kExitDone;
  }
  const Caller caller = ThisCaller(session);
  const std::int64_t ids =
      DropPartitions(session, age, {caller, "purge", Dump({{"older_than", older_than}}), flags.reason});
  TellPurge(line, true, ids, plan, caller.task);
  if (ids > 0) return kExitDone;
  std::cerr << "nothing was dropped: services must not wait for it, and the table was in use; try again\n";
  return kExitTryAgain;
}

}  // namespace outbox
