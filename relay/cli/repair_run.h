// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/filter_options.h"
#include "cli/operator_command.h"
#include "postgres/operator_repairs.h"

namespace outbox {

// `retry` and `discard` as they are asked for.
struct RepairFlags : OperatorFlags {
  FilterOptions filter;
  std::string reason;
  std::string task;  // empty: a new one
  bool execute = false;
};

// The two flags that go with a filter.
void AddBulkFlags(CLI::App& command, RepairFlags& flags);

// Named messages are changed at once; those that a filter finds are counted and shown first, and
// changed only with --execute: lane after lane, in short transactions with rests between them, until
// all is done or a signal comes. Lanes that are busy are left out and named. Returns the exit code.
int RunRepair(const CommandLine& line, const RepairFlags& flags, Repair repair);

}  // namespace outbox
