// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/bulk.h"
#include "cli/progress_bar.h"
#include "postgres/operator_history.h"

// What `purge` and `replay` share: both walk through sent messages.
namespace outbox {

using TakeMessage = std::function<bool(const SentMessage&)>;
using ChangeMessages = std::function<std::int64_t(const std::vector<std::int64_t>&)>;

struct HistoryCount {
  std::int64_t messages = 0;
  std::vector<std::int64_t> samples;  // the first few
  bool interrupted = false;
};
HistoryCount CountHistory(HistoryWalk& walk, const TakeMessage& take, BulkPace& pace, ProgressBar& bar);

struct HistoryTally {
  std::int64_t messages = 0;  // changed
  bool interrupted = false;

  int ExitCode() const;
};
HistoryTally ChangeHistory(HistoryWalk& walk, const TakeMessage& take, const ChangeMessages& change,
                           BulkPace& pace, ProgressBar& bar);

// Ids in place of the names of sent messages; says on stderr which of them are none. `once`: of the
// rows with one message id, only the newest.
FilterOptions WithIds(OperatorSession& session, const FilterOptions& typed, bool once);

// Shows what would be done; `more` follows the count, in words or as further members.
struct HistoryPreview {
  const char* verb;
  HistoryCount count;
  std::string text;
  nlohmann::ordered_json more;
};
int ShowPreview(const CommandLine& line, OperatorSession& session, const HistoryPreview& preview);

void TellTally(const CommandLine& line, const char* done, const std::string& task, const HistoryTally& tally);

}  // namespace outbox
