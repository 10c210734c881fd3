// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/exit_code.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "config/units.h"
#include "postgres/operator_tail.h"
#include "system/signals.h"

namespace outbox {
namespace {

constexpr milliseconds kPause{250};
constexpr std::size_t kKeyWidth = 32;

struct TailFlags : OperatorFlags {
  TailFilter filter;
  std::string span;        // empty: until a signal comes
  std::int64_t limit = 0;  // 0: none
  bool pending = false;
};

void Tell(const CommandLine& line, const MessageState& state) {
  if (line.output != "table") {
    std::cout << Dump(ToJson(state)) << "\n";
    return;
  }
  const std::string when =
      state.status == "sent" ? state.sent_at.value_or("-") : state.created_at.value_or("-");
  std::cout << fmt::format("{:<24}  {:<8}  {:>8}  {}  {}", when, state.status, state.id,
                           Harmless(state.topic), state.key ? Harmless(*state.key, kKeyWidth) : "-");
  if (state.last_error && state.status != "sent") std::cout << "  " << Harmless(*state.last_error);
  std::cout << "\n";
}

int Follow(const CommandLine& line, const TailFlags& flags, OperatorSession& session, Signals& signals) {
  MessageTail tail(session, flags.filter);
  const auto forever = std::chrono::hours(24 * 3650);
  const auto end = std::chrono::steady_clock::now() + ParseDuration(flags.span).value_or(forever);
  bool told = false;
  for (std::int64_t shown = 0;;) {
    const std::vector<MessageState> appeared = tail.Appeared();
    const std::vector<MessageState> changed = tail.Changed();
    for (const MessageState& state : flags.pending ? appeared : changed) {
      Tell(line, state);
      if (++shown == flags.limit) return kExitDone;
    }
    std::cout << std::flush;
    if (tail.overflowed() && !std::exchange(told, true)) {
      std::cerr << "too much is unfinished or new to follow all of it: some messages are left out\n";
    }
    if (!std::cout || std::chrono::steady_clock::now() >= end) return kExitDone;
    if (signals.Wait(kPause) == Signal::kTerminate) return kExitDone;
  }
}

int Tail(const CommandLine& line, const TailFlags& flags) {
  Signals signals;  // before the session, whose threads must not take them
  return RunOperator(line, flags,
                     [&](OperatorSession& session) { return Follow(line, flags, session, signals); });
}

}  // namespace

void AddTail(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [tail, flags] = AddOperatorCommand(
      {app, line, exit_code}, "tail", "Follows what is sent, refused or fails, until a signal comes", Tail);
  tail->add_flag("--pending", flags->pending, "What is inserted, instead");
  tail->add_option("--topic", flags->filter.topics, "Only of this topic; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TOPIC");
  tail->add_option("--key", flags->filter.keys, "Only of this key; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY");
  tail->add_option("--limit", flags->limit, "End after so many")->check(CLI::Range(1, 1'000'000'000));
  tail->add_option("--for", flags->span, "End after so long")->check(SpanProblem, "TIME");
  tail->footer(
      "Never shows what a message says. `deleted` is a message that was discarded, or sent where completion\n"
      "is delete. For programs: -o jsonl, one object a line.\n"
      "Examples:\n"
      "  outbox-relay -n orders tail\n"
      "  outbox-relay -n orders tail --topic invoices --key 42\n"
      "  outbox-relay -n orders -o jsonl tail --pending --for 10m");
}

}  // namespace outbox
