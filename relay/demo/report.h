// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "demo/figures.h"
#include "demo/view.h"

namespace outbox {

// The end of a demo: what was promised, and whether it was kept.
std::vector<Line> DrawReport(const Balance& balance);

}  // namespace outbox
