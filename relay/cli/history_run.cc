// SPDX-License-Identifier: Apache-2.0
#include "cli/history_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "cli/exit_code.h"
#include "cli/message_view.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSamples = 10;

// Changes what was gathered, portion by portion. False: a signal came.
bool ChangePortions(std::vector<std::int64_t>& ids, bool all, const ChangeMessages& change, BulkPace& pace,
                    std::int64_t& changed) {
  const auto portion = static_cast<std::ptrdiff_t>(pace.portion());
  while (std::ssize(ids) >= portion || (all && !ids.empty())) {
    const auto end = ids.begin() + std::min(std::ssize(ids), portion);
    const Clock::time_point began = Clock::now();
    changed += change({ids.begin(), end});
    const auto size = static_cast<std::size_t>(end - ids.begin());
    ids.erase(ids.begin(), end);
    if (!pace.Rest(Clock::now() - began, size)) return false;
  }
  return true;
}

}  // namespace

HistoryCount CountHistory(HistoryWalk& walk, const TakeMessage& take, BulkPace& pace, ProgressBar& bar) {
  HistoryCount count;
  while (!walk.ended() && !count.interrupted) {
    for (const SentMessage& message : walk.Next()) {
      if (!take(message)) continue;
      if (count.samples.size() < kSamples) count.samples.push_back(message.id);
      ++count.messages;
    }
    bar.Show(walk.done(), "counted " + CountText(count.messages));
    count.interrupted = !pace.GoOn();
  }
  bar.End();
  return count;
}

int HistoryTally::ExitCode() const {
  if (interrupted) return kExitTryAgain;
  return messages == 0 ? kExitNo : kExitDone;
}

HistoryTally ChangeHistory(HistoryWalk& walk, const TakeMessage& take, const ChangeMessages& change,
                           BulkPace& pace, ProgressBar& bar) {
  HistoryTally tally;
  std::vector<std::int64_t> ids;
  while (!walk.ended() && !tally.interrupted) {
    for (const SentMessage& message : walk.Next()) {
      if (take(message)) ids.push_back(message.id);
    }
    const bool whole = ChangePortions(ids, walk.ended(), change, pace, tally.messages);
    // What ends with the last portion was not interrupted.
    tally.interrupted = !(whole && pace.GoOn()) && !(walk.ended() && ids.empty());
    bar.Show(walk.done(), CountText(tally.messages));
  }
  bar.End();
  return tally;
}

FilterOptions WithIds(OperatorSession& session, const FilterOptions& typed, bool once) {
  if (typed.names.empty()) return typed;
  const FoundRange range(session, ToFilter(typed));
  const std::vector<MessageState> there = ListMessages(session, range, 1'000'000);
  TellMissing(there, typed);
  FilterOptions ids;
  std::set<std::string> seen;
  for (const MessageState& state : there) {
    if (state.status != "sent") {
      std::cerr << "message " << state.id << " is " << state.status << ": nothing to do\n";
    } else if (seen.insert(state.message_id).second || !once) {
      ids.names.push_back(std::to_string(state.id));
    }
  }
  if (ids.names.empty()) throw NoAnswer("none of these messages was sent");
  return ids;
}

int ShowPreview(const CommandLine& line, OperatorSession& session, const HistoryPreview& preview) {
  const HistoryCount& count = preview.count;
  if (count.interrupted) throw NoAnswer("interrupted; nothing was changed");
  MessageFilter some;
  some.ids = count.samples;
  std::vector<MessageState> samples;
  if (!some.ids.empty()) samples = ListMessages(session, FoundRange(session, some), kSamples);
  if (line.output != "table") {
    auto messages = ordered_json::array();
    for (const MessageState& state : samples) messages.push_back(ToJson(state));
    ordered_json json = {{"executed", false}, {"messages", count.messages}};
    json.update(preview.more);
    json["samples"] = messages;
    std::cout << Dump(json) << "\n";
  } else if (count.messages > 0) {
    PrintTable(samples);
    std::cout << "would " << preview.verb << " " << CountText(count.messages) << preview.text << "\n";
  }
  if (count.messages == 0) {
    std::cerr << "no sent message matches; with completion = \"delete\" none is kept\n";
    return kExitNo;
  }
  std::cerr << "nothing was changed; do it with --execute\n";
  return kExitDone;
}

void TellTally(const CommandLine& line, const char* done, const std::string& task,
               const HistoryTally& tally) {
  if (line.output == "table") {
    std::cout << done << " " << CountText(tally.messages) << "\n";
  } else {
    std::cout << Dump({{"executed", true},
                       {"task", task},
                       {"messages", tally.messages},
                       {"interrupted", tally.interrupted}})
              << "\n";
  }
}

}  // namespace outbox
