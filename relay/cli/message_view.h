// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_messages.h"
#include "postgres/operator_pauses.h"

// Messages for a person, and for a program. Keys and errors come from elsewhere: what could steer a
// terminal in them is made harmless.
namespace outbox {

nlohmann::ordered_json ToJson(const MessageState& state);
nlohmann::ordered_json ToJson(const std::optional<std::string>& text);
std::string Dump(const nlohmann::ordered_json& json);  // one line

std::string Harmless(const std::string& text, std::size_t most = std::string::npos);
std::string CountText(std::int64_t messages);  // "1 message", "2 messages"
void PrintTable(const std::vector<MessageState>& states);

// One reason why a message is where it is. The codes are for programs.
struct HoldUp {
  std::string code;
  std::string text;
  std::string remedy;  // a command; may be empty
};
std::vector<HoldUp> WhyHeld(const MessageState& message, const Obstacles& obstacles,
                            const std::vector<PauseEntry>& pauses);

}  // namespace outbox
