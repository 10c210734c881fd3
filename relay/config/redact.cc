// SPDX-License-Identifier: Apache-2.0
#include "config/redact.h"

#include <algorithm>
#include <cctype>

namespace outbox {

namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Where the password of a URI's user ends, or npos. libpq looks for the '@' before the first '/'; one
// with an unescaped '/' in the password is broken, and hidden up to the last '@' there is.
std::size_t UserEnd(const std::string& uri, std::size_t authority) {
  const std::size_t at = uri.rfind('@', uri.find('/', authority));
  return at != std::string::npos && at > authority ? at : uri.rfind('@');
}

// postgresql://user:password@host/database?password=…
std::string RedactUri(std::string uri, std::size_t authority) {
  const std::size_t at = UserEnd(uri, authority);
  const std::size_t colon = uri.find(':', authority);
  if (at != std::string::npos && colon < at) uri.replace(colon + 1, at - colon - 1, kRedacted);

  std::size_t begin = uri.find('?', authority);
  while (begin != std::string::npos) {
    const std::size_t end = std::min(uri.find('&', begin + 1), uri.size());
    const std::size_t equals = uri.find('=', begin + 1);
    if (equals < end && IsSecretName(std::string_view(uri).substr(begin + 1, equals - begin - 1))) {
      uri.replace(equals + 1, end - equals - 1, kRedacted);
    }
    begin = uri.find('&', begin + 1);
  }
  return uri;
}

// The end of a keyword's value: quoted or up to a space, a backslash escaping the next character.
std::size_t ValueEnd(const std::string& text, std::size_t begin) {
  const bool quoted = begin < text.size() && text[begin] == '\'';
  std::size_t i = quoted ? begin + 1 : begin;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (quoted && text[i] == '\'') {
      return i + 1;
    } else if (!quoted && IsSpace(text[i])) {
      return i;
    }
  }
  return text.size();
}

std::string RedactKeywords(const std::string& text) {
  std::string result;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t equals = text.find('=', i);
    if (equals == std::string::npos) break;
    std::size_t begin = equals + 1;
    while (begin < text.size() && IsSpace(text[begin])) ++begin;
    const std::size_t end = ValueEnd(text, begin);
    const bool secret = IsSecretName(std::string_view(text).substr(i, equals - i));
    result += text.substr(i, begin - i);
    result += secret ? kRedacted : std::string_view(text).substr(begin, end - begin);
    i = end;
  }
  return result + text.substr(i);
}

}  // namespace

bool IsSecretName(std::string_view name) {
  const std::string lower = Lower(name);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"password", "secret", "key", "token"},
                             [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

std::string RedactConninfo(const std::string& conninfo) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (conninfo.starts_with(scheme)) return RedactUri(conninfo, scheme.size());
  }
  return RedactKeywords(conninfo);
}

}  // namespace outbox
