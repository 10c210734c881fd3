// SPDX-License-Identifier: Apache-2.0
#include "postgres/control.h"

#include "postgres/field.h"

namespace outbox {

std::vector<std::string> Split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

SharedControl ControlOf(const pqxx::field& field) {
  SharedControl control;
  if (field.is_null()) return control;
  for (const std::string& entry : Split(View(field), '\x1e')) {
    const auto parts = Split(entry, '\x1f');
    if (parts.size() < 3) continue;
    if (parts[0] == "on_failed") control.on_failed = parts[1] == "block" ? OnFailed::kBlock : OnFailed::kSkip;
    if (parts[0] == "paused") {
      control.paused = true;
      control.paused_reason = parts[2];
    }
    if (parts[0].starts_with("paused:")) control.paused_topics.push_back(parts[0].substr(7));
  }
  return control;
}

}  // namespace outbox
