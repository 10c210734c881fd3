// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#ifdef OUTBOX_MUTANTS
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#endif

namespace outbox {

// Places at which tests make the process slow, because what may happen between two steps usually has no
// time to. They exist only in a build with -DOUTBOX_MUTANTS, where OUTBOX_RELAY_SLOW_AT=<point>:<ms> names
// the place and how long each passage of it takes; elsewhere this function is empty.
#ifdef OUTBOX_MUTANTS
inline void SlowPoint(std::string_view point) {
  static const char* const chosen = std::getenv("OUTBOX_RELAY_SLOW_AT");
  if (chosen == nullptr) return;
  static const std::string_view order = chosen;
  static const std::size_t colon = order.rfind(':');
  static const int pause = colon == std::string_view::npos ? 0 : std::atoi(chosen + colon + 1);
  if (order.substr(0, colon) == point) std::this_thread::sleep_for(std::chrono::milliseconds(pause));
}
#else
constexpr void SlowPoint(std::string_view) {}
#endif

}  // namespace outbox
