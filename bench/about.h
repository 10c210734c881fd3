// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bench/workload.h"

namespace outbox::bench {

// What the figures hold for: the machine and the programs. Name and value, to be shown in this order.
std::vector<std::pair<std::string, std::string>> About(const Plan& plan);

}  // namespace outbox::bench
