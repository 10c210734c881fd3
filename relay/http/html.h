// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace outbox {

// Markup can only be written in the source, everything else is text: so nothing that comes from
// outside can become markup by a slip.
class Markup {
 public:
  consteval Markup(const char* markup) : markup_(markup) {}  // NOLINT: implicit on purpose
  std::string_view markup() const { return markup_; }

 private:
  std::string_view markup_;
};

// Text to be escaped, for element content and quoted attribute values.
struct Text {
  explicit Text(std::string_view of) : text(of) {}
  std::string_view text;
};

class Html {
 public:
  Html& operator<<(Markup markup);
  Html& operator<<(Text text);
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace outbox
