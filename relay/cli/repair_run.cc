// SPDX-License-Identifier: Apache-2.0
#include "cli/repair_run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/exit_code.h"
#include "cli/message_view.h"
#include "cli/progress_bar.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSamples = 10;

const char* Verb(Repair repair) { return repair == Repair::kRetry ? "retry" : "discard"; }
const char* Done(Repair repair) { return repair == Repair::kRetry ? "retried" : "discarded"; }

// How one run went.
struct Tally {
  std::vector<std::int64_t> changed;
  std::vector<std::int64_t> passed_over;  // planned, but sent or locked when it came to it
  std::vector<std::string> busy;          // lanes, in words
  bool interrupted = false;

  int ExitCode() const {
    if (interrupted || !busy.empty()) return kExitTryAgain;
    return changed.empty() ? kExitNo : kExitDone;
  }
};

class RepairLoop {
 public:
  RepairLoop(OperatorSession& session, Repair repair, RepairNote note)
      : session_(session), repair_(repair), note_(std::move(note)) {}

  Tally Run(const FoundRange& range, const std::vector<int>& lanes, BulkPace& pace) {
    ProgressBar bar(std::cerr, ErrorsAreWatched());
    for (std::size_t l = 0; l < lanes.size() && !tally_.interrupted; ++l) {
      for (const RepairBatch& batch : PlanRepair(session_, range, repair_, lanes[l])) {
        const Clock::time_point began = Clock::now();
        if (!Apply(batch)) break;  // the rest of a busy lane would wait as long
        bar.Show(static_cast<double>(l) / static_cast<double>(lanes.size()),
                 fmt::format("{} {}", Done(repair_), tally_.changed.size()));
        tally_.interrupted = !pace.Rest(Clock::now() - began, batch.ids.size());
        if (tally_.interrupted) break;
      }
    }
    std::ranges::sort(tally_.changed);
    return std::move(tally_);
  }

 private:
  bool Apply(const RepairBatch& batch) {
    try {
      const auto changed = ApplyRepair(session_, repair_, batch, note_);
      tally_.changed.insert(tally_.changed.end(), changed.begin(), changed.end());
      std::ranges::set_difference(Sorted(batch.ids), changed, std::back_inserter(tally_.passed_over));
      return true;
    } catch (const LaneBusy& error) {
      tally_.busy.emplace_back(error.what());
      return false;
    }
  }

  static std::vector<std::int64_t> Sorted(std::vector<std::int64_t> ids) {
    std::ranges::sort(ids);
    return ids;
  }

  OperatorSession& session_;
  const Repair repair_;
  const RepairNote note_;
  Tally tally_;
};

std::string Joined(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size() && i < 20; ++i) text += (i > 0 ? ", " : "") + std::to_string(ids[i]);
  return text + (ids.size() > 20 ? fmt::format(" and {} more", ids.size() - 20) : "");
}

void Tell(const CommandLine& line, Repair repair, const std::string& task, const Tally& tally) {
  if (line.output != "table") {
    std::cout << Dump({{"executed", true},
                       {"task", task},
                       {"messages", tally.changed.size()},
                       {"passed_over", tally.passed_over},
                       {"busy", tally.busy},
                       {"interrupted", tally.interrupted}})
              << "\n";
  } else {
    std::cout << Done(repair) << " " << CountText(std::ssize(tally.changed))
              << (tally.changed.empty() ? "" : ": " + Joined(tally.changed)) << "\n";
  }
  if (!tally.passed_over.empty()) {
    std::cerr << "passed over, because they were sent meanwhile or another transaction has locked them: "
              << Joined(tally.passed_over) << "\n";
  }
  for (const std::string& lane : tally.busy) std::cerr << lane << "; its messages are as before, try again\n";
  if (tally.interrupted) std::cerr << "interrupted; go on with --task " << task << "\n";
}

int Preview(const CommandLine& line, Repair repair, OperatorSession& session, const FoundRange& range) {
  const std::int64_t count = CountMessages(session, range);
  const std::vector<MessageState> samples = ListMessages(session, range, kSamples);
  if (line.output != "table") {
    auto messages = ordered_json::array();
    for (const MessageState& state : samples) messages.push_back(ToJson(state));
    std::cout << Dump({{"executed", false}, {"messages", count}, {"samples", messages}}) << "\n";
  } else if (count > 0) {
    PrintTable(samples);
    std::cout << "would " << Verb(repair) << " " << CountText(count)
              << (repair == Repair::kRetry ? ", and with them all that failed of their keys\n" : "\n");
  }
  if (count == 0) {
    std::cerr << "no message matches\n";
    return kExitNo;
  }
  std::cerr << "nothing was changed; do it with --execute\n";
  return kExitDone;
}

MessageFilter Repairable(MessageFilter filter) {
  filter.repairable = true;
  return filter;
}

// Says which of the named messages there are none of, or that are not to be changed.
void TellUnfit(const std::vector<MessageState>& there, const FilterOptions& filter, Repair repair) {
  TellMissing(there, filter);
  for (const MessageState& state : there) {
    const bool fits = state.status == "failed" || state.status == "retrying" ||
                      (repair == Repair::kDiscard && state.status == "pending");
    if (!fits) std::cerr << "message " << state.id << " is " << state.status << ": nothing to do\n";
  }
}

// In a log nobody can take a message out before the relay has come to it.
void TellUnread(const std::vector<MessageState>& there, const std::vector<MessageState>& repairable,
                Repair repair) {
  for (const MessageState& state : there) {
    if (repair != Repair::kDiscard || state.status != "pending") continue;
    if (std::ranges::count(repairable, state.id, &MessageState::id) > 0) continue;
    std::cerr
        << "message " << state.id
        << " is in the log still: pause its topic, and what the relay then sets aside can be discarded\n";
  }
}

struct Scope {
  FoundRange range;
  std::vector<int> lanes;
};

// Names are looked up once: to find a message id may mean to read the whole table.
Scope ScopeOf(OperatorSession& session, const FoundRange& range, const FilterOptions& typed, Repair repair) {
  if (!range.filter().named()) return {range, AllLanes()};
  const std::vector<MessageState> there =
      ListMessages(session, FoundRange(session, ToFilter(typed)), 1'000'000);
  TellUnfit(there, typed, repair);
  MessageFilter named = Repairable({});
  for (const MessageState& state : there) named.ids.push_back(state.id);
  const std::vector<MessageState> repairable = ListMessages(session, FoundRange(session, named), 1'000'000);
  TellUnread(there, repairable, repair);
  named.ids.clear();
  std::set<int> lanes;
  for (const MessageState& state : repairable) {
    named.ids.push_back(state.id);
    lanes.insert(state.lane);
  }
  return {FoundRange(session, named), {lanes.begin(), lanes.end()}};
}

}  // namespace

int RunRepair(const CommandLine& line, const BulkFlags& flags, Repair repair) {
  if (flags.filter.empty()) throw CLI::RequiredError("ids, or a filter,");
  FilterOptions typed = flags.filter;
  if (typed.names.empty() && typed.statuses.empty()) typed.statuses = {"failed"};
  const bool preview = typed.names.empty() && !flags.execute;
  // Before the session, whose threads must not take the signals.
  std::optional<Signals> signals;
  if (!preview) signals.emplace();
  return RunOperator(line, flags, [&](OperatorSession& session) {
    const FoundRange range(session, Repairable(ToFilter(typed)));
    if (preview) return Preview(line, repair, session, range);
    Caller caller = ThisCaller(session);
    if (!flags.task.empty()) caller.task = flags.task;
    const Scope scope = ScopeOf(session, range, typed, repair);
    RepairLoop loop(session, repair, {caller, Verb(repair), Dump(ToJson(typed)), flags.reason});
    BulkPace pace(*signals, flags.rate);
    const Tally tally = loop.Run(scope.range, scope.lanes, pace);
    Tell(line, repair, caller.task, tally);
    return tally.ExitCode();
  });
}

}  // namespace outbox
