// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "cli/exit_code.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "config/units.h"
#include "core/cadence.h"
#include "postgres/operator_status.h"
#include "system/signals.h"
#include "system/time_of_day.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostTopics = 10;  // for people

struct StatusFlags : OperatorFlags {
  bool wait_empty = false;
  bool watch = false;
  std::string max_lag;
  std::int64_t max_failed = -1;  // none
};

// What the configuration that is found here makes of this moment; empty: claims are made, or it depends
// on what a relay has done.
std::string CadenceOf(const CadenceSettings& settings) {
  if (settings.mode == CadenceMode::kInterval) return "every " + FormatDuration(settings.every);
  const std::string until = Cadence(settings).SilentUntil(std::chrono::steady_clock::now(), TimeOfDay);
  return until.empty() ? until : "silent " + until;
}

double Seconds(microseconds span) { return static_cast<double>(span.count()) / 1e6; }

// Messages a second, from two looks at the outbox.
struct WatchedRates {
  double in = 0;
  double out = 0;
};

WatchedRates RatesOf(const OutboxStatus& before, const OutboxStatus& now, double took) {
  const auto unsent = [](const OutboxStatus& status) {
    return status.sample.pending + status.sample.retrying + status.sample.failed;
  };
  const auto in = static_cast<double>(now.last_id - before.last_id);
  const auto out = in - static_cast<double>(unsent(now) - unsent(before));
  return {in / took, std::max(0.0, out / took)};
}

// Of what the sample looked at, which is everything unless much is pending.
double ShareOf(const TopicBacklog& topic, const TableSample& sample) {
  double looked_at = 0;
  for (const TopicBacklog& other : sample.topics) looked_at += static_cast<double>(other.pending);
  return static_cast<double>(topic.pending) / looked_at;
}

ordered_json TopicsJson(const TableSample& sample) {
  auto topics = ordered_json::array();
  for (const TopicBacklog& topic : sample.topics) {
    topics.push_back({{"topic", topic.topic},
                      {"pending", sample.topics_complete ? ordered_json(topic.pending) : nullptr},
                      {"share", ShareOf(topic, sample)},
                      {"oldest_pending_seconds", Seconds(topic.oldest)}});
  }
  return topics;
}

// In words; empty: within all limits.
std::vector<std::string> OverLimits(const StatusFlags& flags, const TableSample& sample) {
  std::vector<std::string> over;
  if (!flags.max_lag.empty()) {
    const milliseconds limit = ParseDuration(flags.max_lag).value();
    if (!sample.lag) {
      over.emplace_back("the lag is not known: too many messages are held");
    } else if (*sample.lag > limit) {
      over.push_back(fmt::format("the lag is {:.1f} s, more than {}", Seconds(*sample.lag), flags.max_lag));
    }
  }
  if (flags.max_failed >= 0 && sample.failed > flags.max_failed) {
    over.push_back(fmt::format("{} messages failed, more than {}", sample.failed, flags.max_failed));
  }
  return over;
}

void PrintJson(const OutboxStatus& status, const std::optional<WatchedRates>& rates,
               const std::string& cadence, const std::vector<std::string>& over) {
  const TableSample& sample = status.sample;
  auto paused = ordered_json::array();
  for (const PauseEntry& pause : status.pauses) {
    paused.push_back({{"topic", ToJson(pause.topic)},
                      {"set_by", pause.set_by},
                      {"reason", ToJson(pause.reason)},
                      {"since", pause.since},
                      {"until", ToJson(pause.until)}});
  }
  auto relays = ordered_json::array();
  for (const RelayPresence& relay : status.relays) {
    relays.push_back({{"application", relay.application}, {"connections", relay.connections}});
  }
  ordered_json json = {
      {"messages", {{"pending", sample.pending}, {"retrying", sample.retrying}, {"failed", sample.failed}}}};
  json["lag_seconds"] = sample.lag ? ordered_json(Seconds(*sample.lag)) : nullptr;
  if (rates) json["messages_per_second"] = {{"in", rates->in}, {"out", rates->out}};
  json["oldest_pending_seconds"] = Seconds(sample.oldest_pending);
  json["topics"] = TopicsJson(sample);
  json["blocked_keys"] = sample.blocked_keys;
  json["on_failed"] = status.on_failed;
  json["paused"] = paused;
  json["cadence"] = cadence;
  json["relays"] = relays;
  json["size_bytes"] = sample.size_bytes;
  if (sample.ids_left) json["ids_left"] = *sample.ids_left;
  json["dead_tuples"] = sample.dead_tuples;
  json["oldest_transaction_seconds"] =
      sample.oldest_transaction ? ordered_json(sample.oldest_transaction->count()) : nullptr;
  json["schema_version"] = sample.schema_version;
  json["over"] = over;
  std::cout << Dump(json) << "\n";
}

void PrintText(const OutboxStatus& status, const std::optional<WatchedRates>& rates,
               const std::string& cadence) {
  const TableSample& sample = status.sample;
  const auto say = [](const char* name, const std::string& text) {
    std::cout << fmt::format("{:<14}{}\n", name, text);
  };
  say("messages",
      fmt::format("{} pending, {} retrying, {} failed", sample.pending, sample.retrying, sample.failed));
  if (rates) say("rates", fmt::format("about {:.0f} a second in, {:.0f} out", rates->in, rates->out));
  say("lag", sample.lag ? fmt::format("{:.1f} s", Seconds(*sample.lag)) : "unknown: too many are held");
  say("oldest", fmt::format("pending for {:.1f} s", Seconds(sample.oldest_pending)));
  for (const TopicBacklog& topic :
       std::span(sample.topics).first(std::min(kMostTopics, sample.topics.size()))) {
    const std::string much = sample.topics_complete
                                 ? fmt::format("{} pending", topic.pending)
                                 : fmt::format("about {:.0f} % of them", 100 * ShareOf(topic, sample));
    say("topic", fmt::format("{}: {}, for {:.1f} s", Harmless(topic.topic), much, Seconds(topic.oldest)));
  }
  if (sample.topics.size() > kMostTopics)
    say("topic", fmt::format("and {} more", sample.topics.size() - kMostTopics));
  say("blocked keys", fmt::format("{} (on_failed is {})", sample.blocked_keys, status.on_failed));
  for (const PauseEntry& pause : status.pauses) {
    say("paused", (pause.topic ? "topic " + *pause.topic : "everything") + " by " + pause.set_by + " since " +
                      pause.since + (pause.until ? " until " + *pause.until : "") +
                      (pause.reason ? ": " + *pause.reason : ""));
  }
  if (!cadence.empty()) say("cadence", cadence);
  for (const RelayPresence& relay : status.relays) {
    say("relay", fmt::format("{}, {} connections", Harmless(relay.application), relay.connections));
  }
  if (status.relays.empty()) say("relay", "none is connected");
  say("table", fmt::format("{:.1f} MiB, {} dead rows, schema version {}",
                           static_cast<double>(sample.size_bytes) / (1 << 20), sample.dead_tuples,
                           sample.schema_version));
  if (sample.ids_left) say("partitions", fmt::format("have room for {} more messages", *sample.ids_left));
  say("transaction", sample.oldest_transaction
                         ? fmt::format("the oldest is open for {} s", sample.oldest_transaction->count())
                         : "unknown: it needs pg_read_all_stats");
}

// Null: a signal came first. `signals` is null where nobody waits.
std::optional<OutboxStatus> ReadWhenDue(OperatorSession& session, const OperatorTarget& target,
                                        Signals* signals) {
  for (;;) {
    OutboxStatus status = ReadStatus(session, target.server, target.outbox.schema);
    if (signals == nullptr || status.sample.pending + status.sample.retrying == 0) return status;
    if (signals->Wait(seconds(1)) == Signal::kTerminate) return std::nullopt;
  }
}

int Tell(const CommandLine& line, const StatusFlags& flags, const OutboxStatus& status,
         const std::optional<WatchedRates>& rates, const CadenceSettings& settings) {
  const std::string cadence = CadenceOf(settings);
  const std::vector<std::string> over = OverLimits(flags, status.sample);
  if (line.output == "table") {
    PrintText(status, rates, cadence);
  } else {
    PrintJson(status, rates, cadence, over);
  }
  std::cout << std::flush;
  for (const std::string& problem : over) std::cerr << problem << "\n";
  return over.empty() ? kExitDone : kExitNo;
}

// Until a signal comes, or nobody listens; with --wait-empty, until nothing is left.
int Watch(const CommandLine& line, const StatusFlags& flags, OperatorSession& session,
          const OperatorTarget& target, Signals& signals) {
  constexpr seconds kInterval{2};
  const bool screen = line.output == "table" && isatty(STDOUT_FILENO) != 0;
  std::optional<OutboxStatus> before;
  for (auto looked = std::chrono::steady_clock::now();;) {
    OutboxStatus status = ReadStatus(session, target.server, target.outbox.schema);
    const auto now = std::chrono::steady_clock::now();
    std::optional<WatchedRates> rates;
    if (before) rates = RatesOf(*before, status, std::chrono::duration<double>(now - looked).count());
    if (screen) std::cout << "\x1b[H\x1b[2J";
    const int exit = Tell(line, flags, status, rates, target.cadence);
    const bool empty = status.sample.pending + status.sample.retrying == 0;
    if (!std::cout || (flags.wait_empty && empty)) return exit;
    looked = now;
    before = std::move(status);
    if (signals.Wait(kInterval) == Signal::kTerminate) return flags.wait_empty ? kExitTryAgain : exit;
    if (!screen && line.output == "table") std::cout << "\n";
  }
}

int ShowStatus(const CommandLine& line, const StatusFlags& flags) {
  // Before the session, whose threads must not take the signals.
  std::optional<Signals> signals;
  if (flags.wait_empty || flags.watch) signals.emplace();
  return RunOperator(line, flags, [&](OperatorSession& session) -> int {
    const OperatorTarget target = FindTarget(line, flags);
    if (flags.watch) return Watch(line, flags, session, target, *signals);
    const auto status = ReadWhenDue(session, target, signals ? &*signals : nullptr);
    if (status) return Tell(line, flags, *status, std::nullopt, target.cadence);
    std::cerr << "interrupted, and messages are left\n";
    return kExitTryAgain;
  });
}

}  // namespace

void AddStatus(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [status, flags] = AddOperatorCommand(
      {app, line, exit_code}, "status", "Says how the outbox is, also while every relay is down", ShowStatus);
  status->add_flag("--wait-empty", flags->wait_empty, "First wait until nothing is pending or retrying");
  status->add_flag("--watch", flags->watch, "Again every two seconds, with rates, until a signal comes");
  status->add_option("--max-lag", flags->max_lag, "1 if the lag is longer")->check(SpanProblem, "TIME");
  status->add_option("--max-failed", flags->max_failed, "1 if more messages failed")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000}));
  status->footer(
      "Pending messages are counted to 2,000 and estimated beyond, others counted to 1,000.\n"
      "Lag is the age of the oldest message that could go out.\n"
      "Examples:\n"
      "  outbox-relay -n orders status\n"
      "  outbox-relay -n orders status --watch\n"
      "  outbox-relay -n orders status --max-lag 1m --max-failed 0\n"
      "  timeout 5m outbox-relay -n orders -o json status --wait-empty");
}

}  // namespace outbox
