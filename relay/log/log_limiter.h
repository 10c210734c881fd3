// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outbox/message.h"

namespace outbox {

// Lets a message of one place and reason pass once in `interval` and counts the others, so that a
// lasting trouble does not fill the disk. Changes of state are not to be asked about here: they are
// always written. Thread-safe.
class LogLimiter {
 public:
  explicit LogLimiter(milliseconds interval = seconds(10)) : interval_(interval) {}

  // Null: keep quiet. Else write it, and say that so many like it were kept back since the last one.
  std::optional<std::uint64_t> Admit(std::string_view place_and_reason, TimePoint now);

  struct KeptBack {
    std::string place_and_reason;
    std::uint64_t count = 0;
  };
  // What was kept back and not followed by another that could have said so. To be called now and
  // then: it also forgets what has been quiet for `interval`.
  std::vector<KeptBack> TakeOverdue(TimePoint now);

 private:
  struct Seen {
    TimePoint written;
    std::uint64_t kept_back = 0;
  };

  const milliseconds interval_;
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;  // protected by mutex_
};

}  // namespace outbox
