// SPDX-License-Identifier: Apache-2.0
#include "http/status_chart.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace outbox {
namespace {

constexpr double kWidth = 300;
constexpr double kHeight = 60;
constexpr double kMargin = 2;       // for half the line's width
constexpr StatusDuration kGap{35};  // samples come every ten seconds

std::string At(const char* command, double x, double y) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s%.1f %.1f", command, x, y);
  return text.data();
}

struct Paths {
  std::string line;
  std::string area;  // what is below it
};

Paths Draw(const std::vector<StatusChart::Point>& points) {
  double top = 0;
  for (const StatusChart::Point& point : points) top = std::max(top, point.value);
  if (top <= 0) top = 1;  // a line at the bottom
  const auto x = [](const StatusChart::Point& point) {
    return kWidth * (1 - std::clamp(point.ago / StatusDuration(kHistorySpan), 0.0, 1.0));
  };
  Paths paths;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double y = kHeight - kMargin - (kHeight - 2 * kMargin) * std::max(0.0, points[i].value) / top;
    const bool begins = i == 0 || points[i - 1].ago - points[i].ago > kGap;
    const bool ends = i + 1 == points.size() || points[i].ago - points[i + 1].ago > kGap;
    paths.line += At(begins ? "M" : "L", x(points[i]), y);
    if (begins && ends) paths.line += "h0";  // a dot
    if (begins) paths.area += At("M", x(points[i]), kHeight);
    paths.area += At("L", x(points[i]), y);
    if (ends) paths.area += At("L", x(points[i]), kHeight) + "Z";
  }
  return paths;
}

}  // namespace

void WriteChart(Html& html, const StatusChart& chart) {
  const Paths paths = Draw(chart.points);
  html << "<figure>\n<figcaption><span>" << Text(chart.name) << "</span> <b>" << Text(chart.now)
       << "</b> <small>at most " << Text(chart.most)
       << "</small></figcaption>\n<svg viewBox=\"0 0 300 60\" preserveAspectRatio=none aria-hidden=true>"
          "<path class=area d=\""
       << Text(paths.area) << "\"/><path class=line d=\"" << Text(paths.line) << "\"/></svg>\n</figure>\n";
}

}  // namespace outbox
