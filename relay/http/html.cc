// SPDX-License-Identifier: Apache-2.0
#include "http/html.h"

namespace outbox {

Html& Html::operator<<(Markup markup) {
  out_ += markup.markup();
  return *this;
}

Html& Html::operator<<(Text text) {
  for (const char c : text.text) {
    switch (c) {
      case '&':
        out_ += "&amp;";
        break;
      case '<':
        out_ += "&lt;";
        break;
      case '>':
        out_ += "&gt;";
        break;
      case '"':
        out_ += "&quot;";
        break;
      case '\'':
        out_ += "&#39;";
        break;
      default:
        // Control characters are not allowed in HTML, and a text browser might obey them.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out_ += "\xEF\xBF\xBD";  // the replacement character
        } else {
          out_ += c;
        }
    }
  }
  return *this;
}

}  // namespace outbox
