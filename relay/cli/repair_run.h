// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/bulk.h"
#include "postgres/operator_repairs.h"

namespace outbox {

// Named messages are changed at once; those that a filter finds are counted and shown first, and
// changed only with --execute: lane after lane, in short transactions with rests between them, until
// all is done or a signal comes. Lanes that are busy are left out and named. Returns the exit code.
int RunRepair(const CommandLine& line, const BulkFlags& flags, Repair repair);

}  // namespace outbox
