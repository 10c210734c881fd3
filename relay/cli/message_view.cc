// SPDX-License-Identifier: Apache-2.0
#include "cli/message_view.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/text_table.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kKeyWidth = 32;
constexpr std::size_t kErrorWidth = 70;

using Cells = std::vector<std::string>;

Cells CellsOf(const MessageState& state) {
  return {std::to_string(state.id),
          state.status,
          std::to_string(state.attempts),
          state.created_at.value_or("-"),
          state.topic,
          state.key ? Harmless(*state.key, kKeyWidth) : "-",
          state.last_error ? Harmless(*state.last_error, kErrorWidth) : "-"};
}

std::string Command(const char* verb, std::int64_t id) { return fmt::format("outbox-relay {} {}", verb, id); }

HoldUp OfOwnState(const MessageState& message) {
  if (message.status == "sent") return {"sent", "sent" + (message.sent_at ? " " + *message.sent_at : ""), ""};
  if (message.status == "failed") {
    return {"failed", "given up: " + Harmless(message.last_error.value_or("no reason is noted")),
            Command("retry", message.id)};
  }
  return {"retrying", "due at " + message.next_attempt_at.value_or("no time that is noted"),
          Command("retry", message.id)};
}

void AddUnit(const MessageState& message, const Obstacles& obstacles, std::vector<HoldUp>& reasons) {
  for (const MessageState& other : obstacles.waiting) {
    if (other.id >= message.id || (other.status == "failed" && !obstacles.blocks)) continue;
    reasons.push_back({"behind_" + other.status,
                       fmt::format("behind message {} of its key, which is {}", other.id, other.status),
                       Command("unblock", other.id)});
    break;  // one is enough to wait for; `unblock` shows all
  }
  if (message.status == "pending" && obstacles.pending_before > 0) {
    reasons.push_back(
        {"behind_pending",
         fmt::format("{}{} earlier messages of its key are pending",
                     obstacles.pending_before == 1'000 ? "at least " : "", obstacles.pending_before),
         ""});
  }
}

}  // namespace

ordered_json ToJson(const std::optional<std::string>& text) { return text ? ordered_json(*text) : nullptr; }

ordered_json ToJson(const MessageState& state) {
  return {{"id", state.id},
          {"message_id", state.message_id},
          {"topic", state.topic},
          {"key", ToJson(state.key)},
          {"type", ToJson(state.type)},
          {"status", state.status},
          {"attempts", state.attempts},
          {"created_at", ToJson(state.created_at)},
          {"next_attempt_at", ToJson(state.next_attempt_at)},
          {"sent_at", ToJson(state.sent_at)},
          {"last_error", ToJson(state.last_error)},
          {"lane", state.lane}};
}

std::string Dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string Harmless(const std::string& text, std::size_t most) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // Not within a character of several bytes.
    if (shown.size() >= most && (byte & 0xC0U) != 0x80) return shown + "…";
    if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string CountText(std::int64_t messages) {
  return std::to_string(messages) + (messages == 1 ? " message" : " messages");
}

void PrintTable(const std::vector<MessageState>& states) {
  std::vector<Cells> rows = {{"ID", "STATUS", "ATTEMPTS", "CREATED", "TOPIC", "KEY", "LAST ERROR"}};
  for (const MessageState& state : states) rows.push_back(CellsOf(state));
  PrintColumns(std::cout, rows);
}

std::vector<HoldUp> WhyHeld(const MessageState& message, const Obstacles& obstacles,
                            const std::vector<PauseEntry>& pauses) {
  std::vector<HoldUp> reasons;
  if (message.status != "pending") reasons.push_back(OfOwnState(message));
  if (message.status == "sent" || message.status == "failed") return reasons;
  for (const PauseEntry& pause : pauses) {
    if (pause.topic && *pause.topic != message.topic) continue;
    reasons.push_back({"paused",
                       (pause.topic ? "its topic is" : "everything is") + std::string(" paused by ") +
                           pause.set_by + (pause.until ? " until " + *pause.until : "") +
                           (pause.reason ? ": " + *pause.reason : ""),
                       "outbox-relay resume" + (pause.topic ? " --topic " + *pause.topic : "")});
  }
  AddUnit(message, obstacles, reasons);
  if (obstacles.holder) {
    reasons.push_back({"lane_held",
                       fmt::format("lane {} is held by {}: a relay that has it in flight, or a person",
                                   message.lane, *obstacles.holder),
                       ""});
  }
  if (reasons.empty()) reasons.push_back({"due", "nothing in the database: a relay takes it next", ""});
  return reasons;
}

}  // namespace outbox
