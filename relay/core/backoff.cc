// SPDX-License-Identifier: Apache-2.0
#include "core/backoff.h"

#include <algorithm>

namespace outbox {

milliseconds Backoff::Base(int attempt) const {
  milliseconds base = initial;
  for (int i = 1; i < attempt && base < max; ++i) base *= 2;
  return std::min(base, max);
}

milliseconds Backoff::Jittered(int attempt, std::uint64_t random) const {
  const auto base = static_cast<std::uint64_t>(std::max<std::int64_t>(1, Base(attempt).count()));
  return milliseconds(static_cast<std::int64_t>(random % base + 1));
}

}  // namespace outbox
