// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/registration.h"
#include "config/units.h"
#include "postgres/operator_pauses.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

// Of both commands; lives as long as the parser.
struct PauseFlags : OperatorFlags {
  std::string topic;
  std::string reason;
  std::string span;

  PauseOrder Order() const {
    PauseOrder order;
    if (!topic.empty()) order.topic = topic;
    if (!reason.empty()) order.reason = reason;
    if (!span.empty()) order.span = ParseDuration(span);
    return order;
  }
};

std::string What(const std::optional<std::string>& topic) { return topic ? "topic " + *topic : "everything"; }

std::string Who(const PauseEntry& entry) {
  return "by " + entry.set_by + " since " + entry.since + (entry.until ? " until " + *entry.until : "") +
         (entry.reason ? ": " + *entry.reason : "");
}

ordered_json Json(const std::optional<std::string>& text) { return text ? ordered_json(*text) : nullptr; }

void Print(const PauseEntry& entry, bool paused) {
  std::cout << ordered_json{{"paused", paused},       {"topic", Json(entry.topic)},
                            {"set_by", entry.set_by}, {"reason", Json(entry.reason)},
                            {"since", entry.since},   {"until", Json(entry.until)}}
                   .dump()
            << "\n";
}

int Pause(const CommandLine& line, const PauseFlags& flags, OperatorSession& session) {
  const PauseEntry entry = SetPause(session, ThisCaller(session), flags.Order());
  if (line.output != "table") {
    Print(entry, true);
  } else {
    std::cout << "paused " << What(entry.topic) << " " << Who(entry) << "\n";
    if (!entry.until) std::cerr << "it stays so until `outbox-relay resume`\n";
  }
  return kExitDone;
}

int Resume(const CommandLine& line, const PauseFlags& flags, OperatorSession& session) {
  const PauseOrder order = flags.Order();
  const auto entry = EndPause(session, ThisCaller(session), order);
  if (!entry) {
    std::cerr << What(order.topic) << " was not paused by an operator\n";
  } else if (line.output == "table") {
    std::cout << "resumed " << What(entry->topic) << ", paused " << Who(*entry) << "\n";
  } else {
    Print(*entry, false);
  }
  for (const PauseEntry& other : ReadPauses(session)) {
    std::cerr << "still paused: " << What(other.topic) << " " << Who(other) << "\n";
  }
  return entry ? kExitDone : kExitNo;
}

using Command = int (*)(const CommandLine&, const PauseFlags&, OperatorSession&);

CLI::App* AddOne(const CommandList& list, const char* name, const char* what, Command command) {
  const auto [sub, flags] = AddOperatorCommand(list, name, what, command);
  sub->add_option("--topic", flags->topic, "Only this topic")->check(TopicProblem, "TOPIC");
  sub->add_option("--reason", flags->reason, "Why, for those who find it so")->check(ReasonProblem, "TEXT");
  if (command == Pause) {
    sub->add_option("--for", flags->span, "How long: it ends by itself")->check(SpanProblem, "TIME");
  }
  return sub;
}

}  // namespace

void AddPause(CLI::App& app, const CommandLine& line, int& exit_code) {
  AddOne({app, line, exit_code}, "pause",
         "Pauses delivery, of everything or of a topic, by all relays of the outbox", Pause)
      ->footer(
          "Relays obey within a claim or two, what is in flight arrives, and nothing is lost.\n"
          "Examples:\n"
          "  outbox-relay -n orders pause --reason 'broker upgrade' --for 30m\n"
          "  outbox-relay -n orders pause --topic invoices --reason 'the topic is being moved'");
}

void AddResume(CLI::App& app, const CommandLine& line, int& exit_code) {
  AddOne({app, line, exit_code}, "resume", "Ends a pause; 1: there was none", Resume)
      ->footer(
          "A pause of everything and the pauses of topics are ended one by one.\n"
          "Examples:\n"
          "  outbox-relay -n orders resume\n"
          "  outbox-relay -n orders resume --topic invoices");
}

}  // namespace outbox
