// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_filter.h"
#include "postgres/operator_repairs.h"

// Sent messages: finding them, deleting them, publishing them again. Nobody waits for a sent message,
// so none of this takes lanes.
namespace outbox {

struct SentMessage {
  std::int64_t id = 0;
  std::string topic;
  std::optional<std::string> key;
  bool fits = false;  // the filter
};

struct WalkOptions {
  std::optional<milliseconds> sent_before;  // so long ago, at least
  std::int64_t after = 0;                   // goes on behind this id
  std::optional<std::int64_t> last;         // ends here; none: at the newest message there is now
  bool all = false;                         // tell of every sent message, also of those that do not fit
  bool originals = false;                   // pass over the copies that replays made
};

// A walk along the primary key, upward, in statements that are short however long the history is: no
// index leads to sent messages. What is inserted while it lasts is not met.
class HistoryWalk {
 public:
  // Throws StoreUnavailable, as Next does. The filter names messages by id only.
  HistoryWalk(OperatorSession& session, const FoundRange& range, const WalkOptions& options);

  // The next stretch's messages, by id; may be none although there are more.
  std::vector<SentMessage> Next();
  bool ended() const { return after_ >= last_; }
  double done() const;  // 0 to 1
  std::int64_t last() const { return last_; }

 private:
  OperatorSession& session_;
  std::string sql_;
  std::vector<std::string> conditions_;
  std::int64_t begin_;
  std::int64_t after_;
  std::int64_t last_;
  const bool all_;
};

// Both are one transaction with a row in outbox_audit, and return how many were changed: those that
// are gone meanwhile, or that another transaction has locked, are passed over.
std::int64_t PurgeSent(OperatorSession& session, const std::vector<std::int64_t>& ids,
                       const RepairNote& note);

struct ReplayOrder {
  std::string to_topic;   // empty: each to its own
  std::int64_t last = 0;  // of the walk; kept for who goes on with it
};

// Inserts copies, in the order of the ids, with new ids, the same message ids and a header that names
// the task. `ids` ascend.
std::int64_t ReplaySent(OperatorSession& session, const std::vector<std::int64_t>& ids,
                        const ReplayOrder& order, const RepairNote& note);

// How far a replay came, from what its transactions left in outbox_audit.
struct ReplayTrace {
  std::string filter;  // of its RepairNote
  std::string reason;
  std::int64_t upto = 0;
  std::int64_t last = 0;
};
std::optional<ReplayTrace> FindReplay(OperatorSession& session, const std::string& task);

}  // namespace outbox
