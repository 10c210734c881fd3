// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/bulk.h"

namespace outbox {

// `purge` of a log: whole partitions that are done, and whose last message was inserted so long ago. Says why
// the first of the others stays.
int PurgeLog(const CommandLine& line, const BulkFlags& flags, const std::string& older_than,
             OperatorSession& session);

}  // namespace outbox
