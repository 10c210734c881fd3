// SPDX-License-Identifier: Apache-2.0
#include "system/notifier.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <string>

namespace outbox {

namespace {

void Tell(const std::string& state) { sd_notify(0, state.c_str()); }

}  // namespace

void Notifier::Ready() const { Tell("READY=1"); }

void Notifier::Status(std::string_view line) const {
  std::string state = "STATUS=" + std::string(line);
  std::ranges::replace(state, '\n', ' ');  // it would begin another assignment
  Tell(state);
}

void Notifier::Reloading() const {
  // systemd compares this with its own CLOCK_MONOTONIC, which steady_clock is on Linux.
  const auto now = std::chrono::duration_cast<microseconds>(TimePoint::clock::now().time_since_epoch());
  Tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void Notifier::Stopping() const { Tell("STOPPING=1"); }

void Notifier::ExtendTimeout(microseconds by) const {
  Tell("EXTEND_TIMEOUT_USEC=" + std::to_string(by.count()));
}

void Notifier::Ping() const { Tell("WATCHDOG=1"); }

std::optional<microseconds> Notifier::watchdog() const {
  std::uint64_t usec = 0;
  if (sd_watchdog_enabled(0, &usec) <= 0) return std::nullopt;
  return microseconds(usec);
}

}  // namespace outbox
