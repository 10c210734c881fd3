// SPDX-License-Identifier: Apache-2.0
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/filter_options.h"
#include "cli/message_view.h"
#include "cli/registration.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

struct ShowFlags : OperatorFlags {
  FilterOptions filter;
  bool payload = false;
};

struct Shown {
  MessageDetail detail;
  std::vector<HoldUp> reasons;
  std::optional<MessageValue> value;
};

ordered_json AllOf(const Shown& shown) {
  const MessageDetail& detail = shown.detail;
  ordered_json json = ToJson(detail.state);
  const auto size = [](const auto& bytes) { return bytes ? ordered_json(*bytes) : nullptr; };
  json["xid"] = detail.xid;
  json["headers"] = detail.headers ? ordered_json::parse(*detail.headers) : nullptr;
  json["payload_size"] = size(detail.payload_size);
  json["payload_bytes_size"] = size(detail.payload_bytes_size);
  if (shown.value) {
    json["payload"] = ToJson(shown.value->text);
    json["payload_bytes"] = ToJson(shown.value->hex);
  }
  json["held_up"] = ordered_json::array();
  for (const HoldUp& reason : shown.reasons) {
    json["held_up"].push_back({{"code", reason.code}, {"text", reason.text}, {"remedy", reason.remedy}});
  }
  return json;
}

void PrintValue(const MessageValue& value) {
  if (value.text) {
    std::cout << *value.text << "\n";
  } else {
    std::cout << (value.hex ? "\\x" + *value.hex : "(none: a tombstone)") << "\n";
  }
}

void PrintText(const Shown& shown) {
  const MessageDetail& detail = shown.detail;
  const ordered_json state = ToJson(detail.state);
  for (const auto& [name, value] : state.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    std::cout << std::left << std::setw(17) << name << (value.is_null() ? "-" : Harmless(text)) << "\n";
  }
  std::cout << std::setw(17) << "xid" << detail.xid << "\n"
            << std::setw(17) << "headers" << Harmless(detail.headers.value_or("-")) << "\n"
            << std::setw(17) << "payload";
  if (detail.payload_size) {
    std::cout << *detail.payload_size << " bytes of text\n";
  } else if (detail.payload_bytes_size) {
    std::cout << *detail.payload_bytes_size << " bytes\n";
  } else {
    std::cout << "none: a tombstone\n";
  }
  const char* title = "held up";
  for (const HoldUp& reason : shown.reasons) {
    std::cout << std::setw(17) << title << reason.text << "\n";
    if (!reason.remedy.empty())
      std::cout << std::setw(17) << ""
                << "  remedy: " << reason.remedy << "\n";
    title = "";
  }
  if (shown.value) PrintValue(*shown.value);
}

int Show(const CommandLine& line, const ShowFlags& flags, OperatorSession& session) {
  const FoundRange range(session, ToFilter(flags.filter));
  const std::vector<PauseEntry> pauses = ReadPauses(session);
  const std::vector<MessageDetail> details = ReadDetails(session, range);
  auto messages = ordered_json::array();
  for (const MessageDetail& detail : details) {
    Shown shown{detail, WhyHeld(detail.state, ReadObstacles(session, detail.state), pauses), std::nullopt};
    if (flags.payload) shown.value = ReadValue(session, detail.state.id);
    if (line.output == "table") {
      PrintText(shown);
    } else if (line.output == "jsonl") {
      std::cout << Dump(AllOf(shown)) << "\n";
    } else {
      messages.push_back(AllOf(shown));
    }
  }
  if (line.output == "json") std::cout << Dump({{"messages", messages}}) << "\n";
  if (!details.empty()) return kExitDone;
  std::cerr << "there is no message " << flags.filter.names[0]
            << "; it may have been purged, or deleted when it was sent\n";
  return kExitNo;
}

}  // namespace

void AddShow(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [show, flags] = AddOperatorCommand(
      {app, line, exit_code}, "show", "Shows all of a message, and what holds it up; 1: not found", Show);
  AddNames(*show, flags->filter);
  show->get_option("ids")->required()->expected(1);
  show->add_flag("--payload", flags->payload, "Also what it says");
  show->footer(
      "A message id may have several rows, because replayed messages keep theirs.\n"
      "Examples:\n"
      "  outbox-relay -n orders show 4711\n"
      "  outbox-relay -n orders -o json show 0b6ff5b0-52bb-4b8d-9d4f-7d0a4f2f7c11 --payload");
}

}  // namespace outbox
