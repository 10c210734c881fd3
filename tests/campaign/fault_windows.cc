// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault_windows.h"

namespace outbox::campaign {

std::size_t FaultWindows::Open(Moment at) {
  windows_.push_back({at, std::nullopt});
  return windows_.size() - 1;
}

void FaultWindows::Heal(std::size_t window, Moment at) { windows_[window].healed = at; }

void FaultWindows::Dismiss(std::size_t window) { windows_[window].dismissed = true; }

std::int64_t FaultWindows::Capacity(const Window& window, Moment at) const {
  const auto lasted = window.healed.value_or(at) - window.began;
  return limits_.in_flight * (1 + lasted / limits_.deadline);
}

bool FaultWindows::Explain(Moment at) {
  // Of all that could explain it, the one that closes first: so no repeat goes unexplained that need not.
  Window* chosen = nullptr;
  for (Window& window : windows_) {
    if (window.dismissed || window.began > at || (window.healed && *window.healed + limits_.grace < at))
      continue;
    if (window.used >= Capacity(window, at)) continue;
    const bool sooner =
        chosen == nullptr || (window.healed && (!chosen->healed || *window.healed < *chosen->healed));
    if (sooner) chosen = &window;
  }
  if (chosen == nullptr) return false;
  ++chosen->used;
  ++explained_;
  return true;
}

}  // namespace outbox::campaign
