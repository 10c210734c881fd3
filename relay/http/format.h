// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "http/status.h"

// Figures for people to read.
namespace outbox {

std::string FormatCount(std::int64_t count);          // 1,234,567
std::string FormatRate(double per_second);            // 1,240/s, 0.4/s
std::string FormatBytes(std::int64_t bytes);          // 12.4 MiB
std::string FormatDuration(StatusDuration duration);  // 850 ms, 2.1 s, 3 min 12 s, 2 h 5 min, 4 d 3 h

}  // namespace outbox
