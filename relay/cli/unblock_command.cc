// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/filter_options.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "postgres/operator_repairs.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

struct UnblockFlags : OperatorFlags {
  FilterOptions filter;
  std::string reason;
  bool retry = false;
  bool discard = false;
};

// A unit and what holds it.
struct Blockade {
  MessageState asked;
  Obstacles obstacles;
  std::vector<PauseEntry> pauses;  // that concern it

  std::int64_t behind() const {
    return obstacles.pending_before + obstacles.pending_behind + (asked.status == "pending" ? 1 : 0);
  }
};

std::string UnitOf(const Blockade& blockade) {
  return "key " + Harmless(*blockade.asked.key) + " of topic " + blockade.asked.topic;
}

Blockade Look(OperatorSession& session, const FoundRange& range, const std::string& name) {
  const std::vector<MessageState> found = ListMessages(session, range, 1);
  if (found.empty()) throw NoAnswer("there is no message " + name);
  if (!found[0].key) {
    throw NoAnswer("message " + name + " has no key, so no other message holds it; see `outbox-relay show`");
  }
  Blockade blockade{found[0], ReadObstacles(session, found[0]), {}};
  for (PauseEntry& pause : ReadPauses(session)) {
    if (!pause.topic || *pause.topic == found[0].topic) blockade.pauses.push_back(std::move(pause));
  }
  return blockade;
}

void PrintText(const Blockade& blockade) {
  const Obstacles& obstacles = blockade.obstacles;
  if (obstacles.waiting.empty()) {
    std::cout << "no message of " << UnitOf(blockade) << " is retrying or failed\n";
  } else {
    PrintTable(obstacles.waiting);
    std::cout << obstacles.waiting.size() << " of " << UnitOf(blockade) << " wait; " << blockade.behind()
              << " more are pending. Failed ones "
              << (obstacles.blocks ? "hold those" : "hold nothing: on_failed is skip") << "\n";
  }
  for (const PauseEntry& pause : blockade.pauses) {
    std::cout << (pause.topic ? "the topic is" : "everything is") << " paused by " << pause.set_by
              << (pause.reason ? ": " + *pause.reason : "") << "\n";
  }
  if (obstacles.holder) {
    std::cout << "lane " << blockade.asked.lane << " is held by " << *obstacles.holder << "\n";
  }
}

void PrintJson(const Blockade& blockade) {
  auto waiting = ordered_json::array();
  for (const MessageState& state : blockade.obstacles.waiting) waiting.push_back(ToJson(state));
  std::cout << Dump({{"executed", false},
                     {"topic", blockade.asked.topic},
                     {"key", ToJson(blockade.asked.key)},
                     {"waiting", waiting},
                     {"pending", blockade.behind()},
                     {"failed_hold", blockade.obstacles.blocks},
                     {"paused", !blockade.pauses.empty()},
                     {"lane_holder", ToJson(blockade.obstacles.holder)}})
            << "\n";
}

int Clear(const CommandLine& line, const UnblockFlags& flags, const Blockade& blockade,
          OperatorSession& session) {
  const Repair repair = flags.retry ? Repair::kRetry : Repair::kDiscard;
  const RepairNote note{ThisCaller(session), flags.retry ? "unblock --retry" : "unblock --discard",
                        Dump(ToJson(flags.filter)), flags.reason};
  const auto changed = UnblockUnit(session, repair, blockade.asked, note);
  if (line.output == "table") {
    std::cout << (flags.retry ? "retried " : "discarded ") << changed.size() << " of " << UnitOf(blockade)
              << "\n";
  } else {
    std::cout << Dump({{"executed", true}, {"task", note.caller.task}, {"messages", changed.size()}}) << "\n";
  }
  return changed.empty() ? kExitNo : kExitDone;
}

int Unblock(const CommandLine& line, const UnblockFlags& flags, OperatorSession& session) {
  const FoundRange range(session, ToFilter(flags.filter));
  const Blockade blockade = Look(session, range, flags.filter.names[0]);
  if (flags.retry || flags.discard) return Clear(line, flags, blockade, session);
  if (line.output == "table") {
    PrintText(blockade);
  } else {
    PrintJson(blockade);
  }
  if (blockade.obstacles.waiting.empty()) return kExitNo;
  std::cerr << "clear it with --retry, or with --discard --reason TEXT\n";
  return kExitDone;
}

}  // namespace

void AddUnblock(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [unblock, flags] =
      AddOperatorCommand({app, line, exit_code}, "unblock",
                         "Shows all that holds a message's key, or clears it; 1: nothing does", Unblock);
  AddNames(*unblock, flags->filter);
  unblock->get_option("ids")->required()->expected(1);
  CLI::Option* reason =
      unblock->add_option("--reason", flags->reason, "Why, for outbox_audit")->check(ReasonProblem, "TEXT");
  CLI::Option* retry = unblock->add_flag("--retry", flags->retry, "Try all of them again now, in order");
  unblock->add_flag("--discard", flags->discard, "Delete them, for good")->needs(reason)->excludes(retry);
  unblock->footer(
      "What holds a key are its retrying messages and, where on_failed is block, its failed ones. Both\n"
      "are cleared, all in one transaction; pending messages stay, and go on.\n"
      "Examples:\n"
      "  outbox-relay -n orders unblock 4711\n"
      "  outbox-relay -n orders unblock 4711 --retry\n"
      "  outbox-relay -n orders unblock 4711 --discard --reason 'order was deleted'");
}

}  // namespace outbox
