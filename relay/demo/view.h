// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "demo/figures.h"

namespace outbox {

enum class Ink { kPlain, kBold, kDim, kGood, kWarning, kBad, kIn, kOut, kBacklog };

struct Span {
  std::string text;  // UTF-8, every character one column wide
  Ink ink = Ink::kPlain;
};
using Line = std::vector<Span>;

// The live view, line by line. `log`: the relay's last lines. `unicode`: more than ASCII may be used.
std::vector<Line> DrawView(const Playbill& playbill, const Figures& figures,
                           const std::vector<std::string>& log, bool unicode);

// The same in one line, for a file or a pipe: "t=12s in=2004/s ...".
std::string PlainLine(const Figures& figures);

// The last `width` values as bars, the highest one as high as a line.
std::string Sparkline(const std::deque<double>& values, std::size_t width, bool unicode);

std::string Grouped(std::int64_t number);                     // 12,345
std::string ShortTime(std::optional<microseconds> duration);  // "3.2 ms", "1.4 s", "-"

}  // namespace outbox
