// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/mutant.h"

namespace outbox {

// The deliberate bugs in SQL (core/mutant.h); the text as it is in the real program. Before its holes are
// filled.
inline std::string Mutated(std::string text) {
  const auto bug = [&text](const char* name, std::string_view right, std::string_view wrong) {
    if (!Mutant(name)) return;
    for (std::size_t at = text.find(right); at != std::string::npos; at = text.find(right, at + wrong.size()))
      text.replace(at, right.size(), wrong);
  };
  bug("lock_and_read", "pg_try_advisory_xact_lock({class}, lane)", "true");
  // It lingers between its snapshot and its locks: else another relay seldom commits just then.
  bug("lock_and_read", "unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS l(lane, start, ord)",
      "(SELECT * FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS u(lane, start, ord)"
      " WHERE (SELECT pg_sleep(0.02) IS NOT NULL) AND pg_try_advisory_xact_lock({class}, u.lane)) l");
  bug("unheld_in_backoff", "b.{waits}", "false");
  bug("order_by_created", "ORDER BY o.id FOR UPDATE SKIP LOCKED) o ON true",
      "ORDER BY o.created_at FOR UPDATE SKIP LOCKED) o ON true");
  bug("attempts_forgotten", "attempts = o.attempts + 1", "attempts = 1");
  bug("retry_is_pending", "SET status = 'retrying', next_attempt_at = now()",
      "SET status = 'pending', next_attempt_at = now()");
  return text;
}

}  // namespace outbox
