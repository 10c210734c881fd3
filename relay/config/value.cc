// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <nlohmann/json.hpp>

namespace outbox {

namespace {
constexpr std::size_t kLongestQuote = 60;
}

std::string Quoted(const std::string& text) {
  // The environment and the flags may hold any bytes; what is no UTF-8 must not make this throw.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Describe(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kText:
    case Value::Kind::kString:
      if (value.text.size() <= kLongestQuote) return Quoted(value.text);
      return Quoted(value.text.substr(0, kLongestQuote)) + "…";
    case Value::Kind::kInteger:
    case Value::Kind::kDecimal:
      return "the number " + value.text;
    case Value::Kind::kList:
      return "a list";
    case Value::Kind::kSecret:
      return "a secret";
    case Value::Kind::kBoolean:
    case Value::Kind::kTable:
    case Value::Kind::kOther:
      return value.text;
  }
  return value.text;
}

}  // namespace outbox
