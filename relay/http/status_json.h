// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/status.h"

namespace outbox {

// What the status page shows, for programs. Durations are seconds; what is unknown is null.
std::string StatusJson(const Status& status);

}  // namespace outbox
