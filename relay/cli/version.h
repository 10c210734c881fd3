// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/metrics.h"

namespace outbox {

const BuildInfo& ThisBuild();

}  // namespace outbox
