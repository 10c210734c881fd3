// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "outbox/settings.h"

namespace outbox {

// What one value, or several together, make impossible.
struct Objection {
  std::vector<std::string> keys;  // those concerned; the error is placed where the first one was set
  std::string text;
};

std::vector<Objection> CheckSettings(const Settings& settings);

}  // namespace outbox
