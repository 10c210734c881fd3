// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "e2e/stage.h"

namespace outbox::test {

// Where `secret` can be seen by others than those who put it there: the log and the pages of a relay, its
// command line and environment, its children, and what `config show`, `config check` and `doctor` print.
// Empty: nowhere. `in_environment`: there it was put by the operator.
std::string WhereSeen(const RelayProcess& relay, const std::string& secret, bool in_environment = false);

}  // namespace outbox::test
