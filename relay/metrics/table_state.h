// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/family_list.h"
#include "metrics/history.h"
#include "metrics/snapshot.h"

namespace outbox {

// The last table-wide sample. Its ages go on growing until the next one; when none has come for a
// minute its metrics vanish, because a relay that is cut off must not report a lag that others have
// long since worked off. Thread-safe.
class TableState {
 public:
  void Set(const TableSample& sample, double sent, TimePoint now);  // sent: by this relay since its start
  void SetError(std::string_view why);

  void Write(FamilyList& list, TimePoint now) const;
  void Fill(RelaySnapshot& snapshot) const;

 private:
  struct Backlog {
    TimePoint at;
    std::int64_t pending;
  };

  mutable std::mutex mutex_;
  std::optional<TableSample> sample_;  // from here on protected by mutex_
  TimePoint sampled_at_;
  double sampled_at_wall_ = 0;  // seconds since the Unix epoch
  std::string error_;
  std::deque<Backlog> backlog_;  // of the last minute
  History history_;
};

}  // namespace outbox
