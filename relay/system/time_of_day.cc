// SPDX-License-Identifier: Apache-2.0
#include "system/time_of_day.h"

#include <ctime>

namespace outbox {

seconds TimeOfDay() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min) + seconds(local.tm_sec);
}

}  // namespace outbox
