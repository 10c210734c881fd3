// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/value.h"

namespace outbox {

// Whether keys may stand below this: a section, or the first part of a key as outbox.poll is.
bool IsTablePath(const std::string& path);

// What is wrong with a path that is in no table of ours, and what was probably meant.
std::string ExplainUnknown(const std::string& path, const Value& value);

}  // namespace outbox
