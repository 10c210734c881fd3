// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_tail.h"

#include <algorithm>
#include <utility>

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

constexpr std::size_t kMostFollowed = 20'000;
constexpr std::int64_t kMostAtOnce = 10'000;
// How far below the newest id messages are looked for whose transactions commit late.
constexpr std::int64_t kLateIds = 10'000;

constexpr const char* kNow = R"(/* outbox-relay: now */
SELECT pg_current_snapshot() AS snapshot, (SELECT coalesce(max(o.id), 0) FROM {table} o) AS newest)";

std::string AppearedSql() {
  return "/* outbox-relay: what appeared */ SELECT " + StateColumns() + R"( FROM {outbox} o
WHERE o.id > $1::bigint AND NOT pg_visible_in_snapshot(o.xid, $2::pg_snapshot)
  AND pg_visible_in_snapshot(o.xid, $3::pg_snapshot)
  AND (cardinality($4::text[]) = 0 OR o.topic = ANY($4::text[]))
  AND (cardinality($5::text[]) = 0 OR o.key = ANY($5::text[]))
ORDER BY o.id LIMIT $6::bigint)";
}

std::string ChangedSql() {
  return "/* outbox-relay: what changed */ SELECT " + StateColumns() + R"(, k.id AS known
FROM unnest($1::bigint[], $2::text[]) k(id, status) LEFT JOIN {outbox} o ON o.id = k.id
WHERE o.id IS NULL OR o.status::text <> k.status ORDER BY k.id)";
}

bool Finished(const MessageState& state) { return state.status == "sent" || state.status == "deleted"; }

}  // namespace

MessageTail::MessageTail(OperatorSession& session, TailFilter filter)
    : session_(session), filter_(std::move(filter)) {
  const OperatorAnswer now = session_.Ask(kNow);
  snapshot_ = now.Text(0, "snapshot");
  newest_ = now.Number(0, "newest");
  MessageFilter unfinished;
  unfinished.statuses = {"pending", "retrying", "failed"};
  unfinished.topics = filter_.topics;
  unfinished.keys = filter_.keys;
  const FoundRange range(session_, unfinished);
  for (const MessageState& state : ListMessages(session_, range, kMostFollowed)) Follow(state);
}

void MessageTail::Follow(const MessageState& state) {
  if (followed_.size() >= kMostFollowed) {
    overflowed_ = true;
  } else {
    followed_.insert_or_assign(state.id, state);
  }
}

std::vector<MessageState> MessageTail::Appeared() {
  const OperatorAnswer now = session_.Ask(kNow);
  const std::string seen = std::exchange(snapshot_, now.Text(0, "snapshot"));
  const std::int64_t from = std::max(std::int64_t{0}, newest_ - kLateIds);
  newest_ = std::max(newest_, now.Number(0, "newest"));
  std::vector<MessageState> states =
      StatesOf(session_.Ask(AppearedSql(), {std::to_string(from), seen, snapshot_, TextArray(filter_.topics),
                                            TextArray(filter_.keys), std::to_string(kMostAtOnce)}));
  if (std::ssize(states) == kMostAtOnce) overflowed_ = true;
  at_once_.clear();
  for (const MessageState& state : states) {
    if (state.status != "pending") at_once_.push_back(state);
    if (!Finished(state)) Follow(state);
  }
  return states;
}

std::vector<MessageState> MessageTail::Changed() {
  std::vector<std::int64_t> ids;
  std::vector<std::string> statuses;
  for (const auto& [id, state] : followed_) {
    ids.push_back(id);
    statuses.push_back(state.status);
  }
  std::vector<MessageState> changed = std::exchange(at_once_, {});
  const OperatorAnswer answer = session_.Ask(ChangedSql(), {ArrayOf(ids), TextArray(statuses)});
  for (int row = 0; row < answer.size(); ++row) {
    MessageState state = followed_.at(answer.Number(row, "known"));
    if (answer.Maybe(row, "id")) {
      state = StateOf(answer, row);
    } else {
      state.status = "deleted";
    }
    changed.push_back(state);
    if (Finished(state)) {
      followed_.erase(state.id);
    } else {
      followed_.insert_or_assign(state.id, state);
    }
  }
  return changed;
}

}  // namespace outbox
