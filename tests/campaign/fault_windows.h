// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outbox::campaign {

using Moment = std::chrono::steady_clock::time_point;

// Explains repeats by faults. A fault may repeat what is in flight when it strikes, and once more for
// each delivery deadline that it lasts, because what was given up then is published again; and it may
// do so until `grace` after it was healed.
class FaultWindows {
 public:
  struct Limits {
    std::int64_t in_flight = 0;  // batch size x workers x relays
    std::chrono::milliseconds deadline{3'000};
    std::chrono::milliseconds grace{20'000};
  };
  explicit FaultWindows(Limits limits) : limits_(limits) {}

  std::size_t Open(Moment at);
  void Heal(std::size_t window, Moment at);
  void Dismiss(std::size_t window);  // it was no fault after all
  // Books one repeat that was read `at`; false: no fault explains it.
  bool Explain(Moment at);

  std::int64_t explained() const { return explained_; }

 private:
  struct Window {
    Moment began;
    std::optional<Moment> healed;
    std::int64_t used = 0;
    bool dismissed = false;
  };
  std::int64_t Capacity(const Window& window, Moment at) const;

  const Limits limits_;
  std::vector<Window> windows_;
  std::int64_t explained_ = 0;
};

}  // namespace outbox::campaign
