// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "http/html.h"
#include "http/status.h"

namespace outbox {

// A line over time, as wide as the page and with no numbers in it: what it says stands in its caption,
// which text browsers show, too.
struct StatusChart {
  struct Point {
    StatusDuration ago;
    double value;
  };
  std::string name;
  std::string now{};
  std::string most{};           // the value at the top
  std::vector<Point> points{};  // the oldest first; a gap is a time without samples
};

void WriteChart(Html& html, const StatusChart& chart);

}  // namespace outbox
