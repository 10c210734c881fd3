// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/exit_code.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "config/units.h"
#include "postgres/operator_publish.h"
#include "system/signals.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds kLook{20};

struct PublishFlags : OperatorFlags {
  std::string topic;
  std::optional<std::string> key, type;
  std::string payload = R"({"test": "outbox-relay publish"})";
  std::vector<std::string> headers;  // NAME=VALUE
  std::string patience = "30s";
  bool wait = false;
};

TestMessage MessageOf(const PublishFlags& flags) {
  ordered_json headers = ordered_json::object();
  for (const std::string& header : flags.headers) {
    const std::size_t sign = header.find('=');
    headers[header.substr(0, sign)] = header.substr(sign + 1);
  }
  return {flags.topic, flags.key, flags.type, flags.payload, Dump(headers)};
}

bool IsOver(const MessageFate& fate) { return fate.status != "pending" && fate.status != "retrying"; }

// What became of it when it was over, a signal came, or patience ended.
MessageFate Await(OperatorSession& session, std::int64_t id, milliseconds patience, Signals& signals) {
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    MessageFate fate = ReadFate(session, id);
    const auto waited = std::chrono::steady_clock::now() - began;
    if (fate.status == "deleted") fate.latency = std::chrono::duration<double>(waited).count();
    if (IsOver(fate) || waited >= patience || signals.Wait(kLook) == Signal::kTerminate) return fate;
  }
}

void PrintOutcome(const CommandLine& line, const InsertedMessage& made, const MessageFate& fate) {
  if (line.output != "table") {
    std::cout << Dump({{"id", made.id},
                       {"message_id", made.message_id},
                       {"status", fate.status},
                       {"latency_seconds", fate.latency ? ordered_json(*fate.latency) : nullptr}})
              << "\n";
    return;
  }
  std::cout << "message " << made.id << " (" << made.message_id << ") is " << fate.status;
  if (fate.latency) std::cout << fmt::format(" after {:.1f} ms", *fate.latency * 1e3);
  std::cout << "\n";
}

// What `show` would say, for a message that was not sent.
void ExplainWait(OperatorSession& session, std::int64_t id) {
  MessageFilter filter;
  filter.ids = {id};
  for (const MessageState& state : ListMessages(session, FoundRange(session, std::move(filter)), 1)) {
    for (const HoldUp& reason : WhyHeld(state, ReadObstacles(session, state), ReadPauses(session))) {
      std::cerr << "  " << reason.text << (reason.remedy.empty() ? "" : "; see: " + reason.remedy) << "\n";
    }
  }
}

int PublishOne(const CommandLine& line, const PublishFlags& flags, OperatorSession& session,
               Signals& signals) {
  const InsertedMessage made = InsertMessage(session, MessageOf(flags), ThisCaller(session));
  MessageFate fate{"pending", std::nullopt};
  if (flags.wait) fate = Await(session, made.id, ParseDuration(flags.patience).value(), signals);
  PrintOutcome(line, made, fate);
  if (!flags.wait || fate.status == "sent" || fate.status == "deleted") return kExitDone;
  ExplainWait(session, made.id);
  return fate.status == "failed" ? kExitNo : kExitTryAgain;
}

int Publish(const CommandLine& line, const PublishFlags& flags) {
  Signals signals;  // before the session, whose threads must not take them
  return RunOperator(line, flags,
                     [&](OperatorSession& session) { return PublishOne(line, flags, session, signals); });
}

std::string HeaderProblem(const std::string& header) {
  const std::size_t sign = header.find('=');
  return sign == std::string::npos || sign == 0 ? "a header is NAME=VALUE" : "";
}

}  // namespace

void AddPublish(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [publish, flags] = AddOperatorCommand({app, line, exit_code}, "publish",
                                                   "Inserts a test message, as a service would", Publish);
  publish->add_option("--topic", flags->topic, "Where to")->required()->check(TopicProblem, "TOPIC");
  publish->add_option("--key", flags->key, "Message key; without one there is no order")->type_name("KEY");
  publish->add_option("--type", flags->type, "Type of the event")->type_name("TEXT");
  publish->add_option("--payload", flags->payload, "What it says")->type_name("TEXT")->capture_default_str();
  publish->add_option("--header", flags->headers, "A header; may be repeated")
      ->allow_extra_args(false)
      ->check(HeaderProblem, "NAME=VALUE");
  publish->add_flag("--wait", flags->wait, "Until it is sent, and say how long that took");
  publish->add_option("--patience", flags->patience, "How long --wait waits")
      ->check(SpanProblem, "TIME")
      ->capture_default_str();
  publish->footer(
      "Consumers of the topic get it, so mind what they make of it.\n"
      "With --wait, 1: it failed, 75: it is not sent yet; what holds it up is on stderr.\n"
      "Examples:\n"
      "  outbox-relay -n orders publish --topic test --wait\n"
      "  outbox-relay -n orders -o json publish --topic orders --key 42 --payload '{\"test\": 1}' --wait");
}

}  // namespace outbox
