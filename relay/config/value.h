// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "outbox/settings.h"

namespace outbox {

// A value as it was written, before the key that it belongs to has given it a meaning.
struct Value {
  enum class Kind {
    kText,    // from a flag or the environment, where everything is text
    kString,  // the others from a file
    kInteger,
    kDecimal,
    kBoolean,
    kList,    // of strings
    kSecret,  // { file = "…" } or { env = "…" }
    kTable,
    kOther,  // what no key takes
  };
  Kind kind = Kind::kText;
  std::string text;  // a string's content; else the value's spelling
  std::vector<std::string> list;
  Secret secret;  // kSecret
};

// One assignment of one source.
struct Entry {
  std::string path;  // "delivery.backoff.max"
  Value value;
  std::string origin;
};

// For an error: `"abc"`, `the number 30`, `a list`.
std::string Describe(const Value& value);

// As a TOML string, which is also a JSON one.
std::string Quoted(const std::string& text);

}  // namespace outbox
