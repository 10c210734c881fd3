// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#ifdef OUTBOX_MUTANTS
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#endif

namespace outbox {

// Places where tests end the process, because what a relay leaves behind must be right wherever that
// happens. They exist only in a build with -DOUTBOX_MUTANTS, where OUTBOX_RELAY_KILL_AT=<point>:<nth> names
// the place and how many times it is passed before; elsewhere these functions are empty.
#ifdef OUTBOX_MUTANTS
inline bool KillPointReached(std::string_view point) {
  static const char* const chosen = std::getenv("OUTBOX_RELAY_KILL_AT");
  if (chosen == nullptr) return false;
  static const std::string_view order = chosen;
  static const std::size_t colon = order.rfind(':');
  static std::atomic<int> left{colon == std::string_view::npos ? 1 : std::atoi(chosen + colon + 1)};
  return order.substr(0, colon) == point && --left == 0;
}

inline void KillPoint(std::string_view point) {
  if (KillPointReached(point)) std::raise(SIGKILL);
}

// In the middle of what follows, which is a statement that the server is busy with.
inline void KillPointDuring(std::string_view point) {
  if (!KillPointReached(point)) return;
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    std::raise(SIGKILL);
  }).detach();
}
#else
constexpr void KillPoint(std::string_view) {}
constexpr void KillPointDuring(std::string_view) {}
#endif

}  // namespace outbox
