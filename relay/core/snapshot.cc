// SPDX-License-Identifier: Apache-2.0
#include "core/snapshot.h"

#include <charconv>
#include <stdexcept>
#include <string>

namespace outbox {
namespace {

Xid Number(std::string_view& text, char stop, std::string_view whole) {
  Xid value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || (end != text.data() + text.size() && *end != stop)) {
    throw std::invalid_argument("not a snapshot: " + std::string(whole));
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

}  // namespace

Snapshot Snapshot::Parse(std::string_view text) {
  std::string_view rest = text;
  Snapshot snapshot;
  snapshot.xmin = Number(rest, ':', text);
  snapshot.xmax = Number(rest, ':', text);
  while (!rest.empty()) snapshot.xip.push_back(Number(rest, ',', text));
  return snapshot;
}

}  // namespace outbox
