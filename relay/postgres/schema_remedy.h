// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "postgres/schema_admin.h"

namespace outbox {

// What to do about it; see Drift::remedy.
std::string Remedy(const Drift& drift);

}  // namespace outbox
