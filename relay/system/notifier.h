// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "outbox/message.h"

namespace outbox {

// Tells systemd how the service is doing. Does nothing outside it, and nothing if telling fails: the
// relay's work does not depend on it. Holds no state; thread-safe.
class Notifier {
 public:
  void Ready() const;
  void Status(std::string_view line) const;  // of `systemctl status`
  void Reloading() const;                    // to be followed by Ready
  void Stopping() const;
  void ExtendTimeout(microseconds by) const;  // of start, reload or stop; counted from now
  void Ping() const;                          // the watchdog

  // Within which Ping must come; null: no watchdog watches this process.
  std::optional<microseconds> watchdog() const;
};

}  // namespace outbox
