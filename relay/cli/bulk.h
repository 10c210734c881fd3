// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/filter_options.h"
#include "cli/operator_command.h"
#include "postgres/operator_messages.h"
#include "system/signals.h"

namespace outbox {

// What every command has that may change many messages.
struct BulkFlags : OperatorFlags {
  FilterOptions filter;
  std::string reason;
  std::string task;  // empty: a new one
  double rate = 0;   // messages a second; 0: as fast as the rests allow
  bool execute = false;
};

void AddBulkFlags(CLI::App& command, BulkFlags& flags);

// Bulk work is in short transactions, each with a rest as long as it took, which leaves the database to
// the services, or longer where a rate asks for that.
class BulkPace {
 public:
  BulkPace(Signals& signals, double rate) : signals_(signals), rate_(rate) {}

  // Messages that one transaction takes: no more than a second's worth.
  std::size_t portion() const;
  // False, here and below: a signal came.
  bool Rest(std::chrono::steady_clock::duration took, std::size_t changed);
  bool GoOn() { return Rest({}, 0); }

 private:
  Signals& signals_;
  const double rate_;
  bool stopped_ = false;
};

// Says on stderr which of the named messages there are none of.
void TellMissing(const std::vector<MessageState>& there, const FilterOptions& filter);

}  // namespace outbox
