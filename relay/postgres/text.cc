// SPDX-License-Identifier: Apache-2.0
#include "postgres/text.h"

#include <charconv>
#include <stdexcept>

namespace outbox {
namespace {

unsigned Nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  throw std::invalid_argument("not the hex form of a bytea");
}

}  // namespace

std::string TextArray(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      if (c != '\0') text += c;  // PostgreSQL's text has no NUL
    }
    text += '"';
  }
  return text + "}";
}

std::int64_t Integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("not an integer: " + std::string(text));
  }
  return value;
}

std::string Bytes(std::string_view hex) {
  if (!hex.starts_with("\\x") || hex.size() % 2 != 0)
    throw std::invalid_argument("not the hex form of a bytea");
  std::string bytes;
  bytes.reserve(hex.size() / 2 - 1);
  for (std::size_t i = 2; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(Nibble(hex[i]) << 4U | Nibble(hex[i + 1])));
  }
  return bytes;
}

}  // namespace outbox
