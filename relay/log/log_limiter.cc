// SPDX-License-Identifier: Apache-2.0
#include "log/log_limiter.h"

#include <utility>

namespace outbox {

std::optional<std::uint64_t> LogLimiter::Admit(std::string_view place_and_reason, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto [seen, first] = seen_.try_emplace(std::string(place_and_reason), Seen{now, 0});
  if (first) return 0;
  if (now - seen->second.written < interval_) {
    ++seen->second.kept_back;
    return std::nullopt;
  }
  return std::exchange(seen->second, Seen{now, 0}).kept_back;
}

std::vector<LogLimiter::KeptBack> LogLimiter::TakeOverdue(TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::vector<KeptBack> overdue;
  for (auto seen = seen_.begin(); seen != seen_.end();) {
    if (now - seen->second.written < interval_) {
      ++seen;
      continue;
    }
    if (seen->second.kept_back > 0) overdue.push_back({seen->first, seen->second.kept_back});
    seen = seen_.erase(seen);
  }
  return overdue;
}

}  // namespace outbox
