// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outbox {

// PostgreSQL's text forms, for parameters and results.

template <typename Integer>
std::string ArrayOf(const std::vector<Integer>& values) {
  std::string text = "{";
  for (const Integer value : values) {
    if (text.size() > 1) text += ',';
    text += std::to_string(value);
  }
  return text + "}";
}
// Of one member of each.
template <typename Integer, typename Entry>
std::string ArrayOf(const std::vector<Entry>& entries, Integer Entry::*member) {
  std::vector<Integer> values;
  values.reserve(entries.size());
  for (const Entry& entry : entries) values.push_back(entry.*member);
  return ArrayOf(values);
}
std::string TextArray(const std::vector<std::string>& values);

std::int64_t Integer(std::string_view text);  // throws std::invalid_argument
std::string Bytes(std::string_view hex);      // of a bytea: \x0a0b...

}  // namespace outbox
