// SPDX-License-Identifier: Apache-2.0
#include "demo/screen.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace outbox {
namespace {

constexpr std::size_t kUncut = std::numeric_limits<std::size_t>::max();

std::string_view Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsTerminal() {
  return isatty(STDOUT_FILENO) == 1 && !Environment("TERM").empty() && Environment("TERM") != "dumb";
}

bool SpeaksUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = Environment(name);
    if (!locale.empty()) return locale.find("UTF") != locale.npos || locale.find("utf") != locale.npos;
  }
  return false;
}

struct Size {
  std::size_t width = 80;
  std::size_t height = 24;
};

Size TerminalSize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void SetEcho(bool on) {
  termios mode{};
  if (tcgetattr(STDOUT_FILENO, &mode) != 0) return;
  constexpr tcflag_t kEcho = ECHO;
  mode.c_lflag = on ? mode.c_lflag | kEcho : mode.c_lflag & ~kEcho;
  tcsetattr(STDOUT_FILENO, TCSANOW, &mode);
}

const char* CodeOf(Ink ink) {
  switch (ink) {
    case Ink::kPlain:
      return "";
    case Ink::kBold:
      return "\x1b[1m";
    case Ink::kDim:
      return "\x1b[2m";
    case Ink::kGood:
      return "\x1b[32m";
    case Ink::kWarning:
      return "\x1b[33m";
    case Ink::kBad:
      return "\x1b[1;31m";
    case Ink::kIn:
      return "\x1b[36m";
    case Ink::kOut:
      return "\x1b[32m";
    case Ink::kBacklog:
      return "\x1b[33m";
  }
  return "";
}

// The bytes of the first `columns` characters, and `columns` less those.
std::string_view Cut(std::string_view text, std::size_t& columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    const bool begins_character = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (begins_character && columns-- == 0) {
      columns = 0;
      break;
    }
    ++end;
  }
  return text.substr(0, end);
}

}  // namespace

Screen::Screen()
    : live_(IsTerminal()), colour_(live_ && Environment("NO_COLOR").empty()), unicode_(SpeaksUtf8()) {}

void Screen::Draw(const std::vector<Line>& lines) {
  const Size size = TerminalSize();
  // The cursor rests on the line below ours, which must not scroll.
  const std::size_t count = std::min(lines.size(), size.height - 1);
  TakeOver();
  std::string text;
  if (drawn_ > 0) text = "\x1b[" + std::to_string(std::min(drawn_, size.height - 1)) + "A\r";
  for (std::size_t i = 0; i < count; ++i) text += Inked(lines[i], size.width) + "\x1b[K\n";
  Write(text + "\x1b[J");
  drawn_ = count;
}

void Screen::Print(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += Inked(line, kUncut) + "\n";
  Write(text);
  drawn_ = 0;
}

void Screen::End() {
  if (!taken_over_) return;
  Write("\x1b[?25h");
  SetEcho(true);
  taken_over_ = false;
  drawn_ = 0;
}

void Screen::TakeOver() {
  if (taken_over_) return;
  Write("\x1b[?25l");
  SetEcho(false);
  taken_over_ = true;
}

std::string Screen::Inked(const Line& line, std::size_t width) const {
  std::string text;
  for (const Span& span : line) {
    const std::string_view cut = Cut(span.text, width);
    const std::string_view code = colour_ ? CodeOf(span.ink) : "";
    text += code;
    text += cut;
    if (!code.empty()) text += "\x1b[0m";
  }
  return text;
}

void Screen::Write(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty() && !gone_) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) gone_ = true;
  }
}

}  // namespace outbox
