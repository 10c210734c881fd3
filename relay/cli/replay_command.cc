// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/history_run.h"
#include "cli/message_view.h"
#include "cli/registration.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

struct ReplayFlags : BulkFlags {
  std::string to_topic;
  bool through_newest = false;
};

// Which of the messages that a walk meets are replayed, and what that means for their keys: who has
// seen the newest state of a key, and then an older one again, takes that for the newest.
class ReplayChoice {
 public:
  explicit ReplayChoice(bool through_newest) : through_newest_(through_newest) {}

  bool Takes(const SentMessage& message) {
    if (!message.key) return message.fits;
    if (message.fits) {
      ends_older_[{message.topic, *message.key}] = false;
      return true;
    }
    const auto unit = ends_older_.find({message.topic, *message.key});
    if (unit == ends_older_.end()) return false;
    unit->second = !through_newest_;
    return through_newest_;
  }

  std::int64_t keys() const { return std::ssize(ends_older_); }
  std::int64_t keys_that_end_older() const {
    return std::ranges::count_if(ends_older_, [](const auto& unit) { return unit.second; });
  }

 private:
  const bool through_newest_;
  std::map<std::pair<std::string, std::string>, bool> ends_older_;  // by topic and key
};

// A replay as it was asked for, or as the audit rows of its task tell.
struct ReplayPlan {
  FilterOptions filter;
  std::string reason;
  std::string to_topic;
  bool through_newest = false;
  std::int64_t upto = 0;             // done before
  std::optional<std::int64_t> last;  // of the walk that was interrupted
};

ReplayPlan NewPlan(OperatorSession& session, const ReplayFlags& flags) {
  return {WithIds(session, flags.filter, true), flags.reason, flags.to_topic, flags.through_newest, 0, {}};
}

ReplayPlan PlanOfTask(OperatorSession& session, const std::string& task) {
  const auto trace = FindReplay(session, task);
  if (!trace) throw NoAnswer("outbox_audit knows no replay of task " + task + "; nothing of it was done");
  const auto filter = ordered_json::parse(trace->filter);
  return {
      FilterOf(filter), trace->reason, filter.value("to_topic", ""), filter.value("through_newest", false),
      trace->upto,      trace->last};
}

// With times that mean the same whenever somebody goes on.
std::string Asked(const ReplayPlan& plan, const FoundRange& range) {
  FilterOptions filter = plan.filter;
  filter.since = range.since();
  filter.until = range.until();
  ordered_json json = ToJson(filter);
  if (!plan.to_topic.empty()) json["to_topic"] = plan.to_topic;
  if (plan.through_newest) json["through_newest"] = true;
  return Dump(json);
}

// Choosing through the newest needs the whole walk again, also where it was done before.
HistoryWalk WalkOf(OperatorSession& session, const ReplayPlan& plan, const FoundRange& range, bool all) {
  WalkOptions options;
  options.after = plan.through_newest ? 0 : plan.upto;
  options.last = plan.last;
  options.all = all;
  options.originals = plan.filter.names.empty();
  return {session, range, options};
}

int Preview(const CommandLine& line, OperatorSession& session, const ReplayPlan& plan, BulkPace& pace) {
  const FoundRange range(session, ToFilter(plan.filter));
  HistoryWalk walk = WalkOf(session, plan, range, true);
  ReplayChoice choice(plan.through_newest);
  ProgressBar bar(std::cerr, ErrorsAreWatched());
  const HistoryCount count = CountHistory(
      walk, [&](const SentMessage& message) { return choice.Takes(message) && message.id > plan.upto; }, pace,
      bar);
  std::string text = fmt::format(" of {} keys", choice.keys());
  if (!plan.to_topic.empty()) text += " to topic " + plan.to_topic;
  if (choice.keys_that_end_older() > 0) {
    text += fmt::format(
        "\nof {} of these keys newer messages were sent, so their readers would end with an "
        "older state; --through-newest replays those, too",
        choice.keys_that_end_older());
  }
  return ShowPreview(line, session,
                     {"replay",
                      count,
                      text,
                      {{"keys", choice.keys()}, {"keys_that_end_older", choice.keys_that_end_older()}}});
}

int Execute(const CommandLine& line, const ReplayFlags& flags, OperatorSession& session,
            const ReplayPlan& plan, BulkPace& pace) {
  const FoundRange range(session, ToFilter(plan.filter));
  HistoryWalk walk = WalkOf(session, plan, range, plan.through_newest);
  Caller caller = ThisCaller(session);
  if (!flags.task.empty()) caller.task = flags.task;
  const RepairNote note{caller, "replay", Asked(plan, range), plan.reason};
  const ReplayOrder order{plan.to_topic, walk.last()};
  std::cerr << "task " << caller.task << "\n";
  ReplayChoice choice(plan.through_newest);
  ProgressBar bar(std::cerr, ErrorsAreWatched());
  const HistoryTally tally = ChangeHistory(
      walk, [&](const SentMessage& message) { return choice.Takes(message) && message.id > plan.upto; },
      [&](const auto& ids) { return ReplaySent(session, ids, order, note); }, pace, bar);
  TellTally(line, "replayed", caller.task, tally);
  if (tally.interrupted) {
    const std::string rate = flags.rate > 0 ? fmt::format(" --rate {}", flags.rate) : "";
    std::cerr << "interrupted; go on with: outbox-relay replay --execute --task " << caller.task << rate
              << "\n";
  }
  if (tally.messages == 0)
    std::cerr << "no sent message matches; with completion = \"delete\" none is kept\n";
  return tally.ExitCode();
}

int Replay(const CommandLine& line, const ReplayFlags& flags) {
  if (flags.filter.empty() == flags.task.empty()) throw CLI::RequiredError("ids, a filter, or --task alone,");
  Signals signals;  // before the session, whose threads must not take them
  BulkPace pace(signals, flags.rate);
  return RunOperator(line, flags, [&](OperatorSession& session) {
    const ReplayPlan plan = flags.task.empty() ? NewPlan(session, flags) : PlanOfTask(session, flags.task);
    const bool preview = flags.filter.names.empty() && !flags.execute;
    return preview ? Preview(line, session, plan, pace) : Execute(line, flags, session, plan, pace);
  });
}

}  // namespace

void AddReplay(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [replay, flags] =
      AddOperatorCommand({app, line, exit_code}, "replay", "Publishes sent messages again; 1: none", Replay);
  AddFilterOptions(*replay, flags->filter, {});
  replay->add_option("--to-topic", flags->to_topic, "To this topic instead of their own")
      ->check(TopicProblem, "TOPIC");
  replay->add_flag("--through-newest", flags->through_newest,
                   "Of each key also what was sent after what the filter finds");
  replay->add_option("--reason", flags->reason, "Why, for outbox_audit")->check(ReasonProblem, "TEXT");
  AddBulkFlags(*replay, *flags);
  replay->footer(
      "Copies are inserted in the old order, with new ids, the same message ids, and the header\n"
      "outbox-relay-replay, whose value is the task. Consumers that drop repeats drop them. A filter\n"
      "counts and shows without --execute, and leaves out copies that were made before.\n"
      "Examples:\n"
      "  outbox-relay -n orders replay 4711\n"
      "  outbox-relay -n orders replay --topic invoices --since 2026-01-31T12:00Z --until 2026-01-31T13:00Z\n"
      "  outbox-relay -n orders replay --topic invoices --since 2h --to-topic invoices-again --execute\n"
      "  outbox-relay -n orders replay --key 42 --since 1d --through-newest --rate 100 --execute");
}

}  // namespace outbox
