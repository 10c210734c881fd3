// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outbox {

// PostgreSQL's text forms, for parameters and results.

template <typename Integer>
std::string ArrayOf(const std::vector<Integer>& values) {
  std::string text = "{";
  std::array<char, std::numeric_limits<Integer>::digits10 + 3> digits{};
  for (const Integer value : values) {
    if (text.size() > 1) text += ',';
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  return text += '}';
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

// The words of a text with single spaces between them; after the last one, empty.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view Next() {
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(std::min(rest_.size(), word.size() + 1));
    return word;
  }

 private:
  std::string_view rest_;
};

std::int64_t Integer(std::string_view text);  // throws std::invalid_argument
std::string Bytes(std::string_view hex);      // of a bytea: \x0a0b...

}  // namespace outbox
