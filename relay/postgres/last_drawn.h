// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox {

// The last id that was drawn, as a subquery of one row, with a hole for the schema. Never too high: whoever
// only selects last_value sees, for the moment in which PostgreSQL logs it, a value 32 ahead, because a
// SELECT does not take the lock under which the sequence changes. The function does. Before the first draw,
// and after RESTART WITH, it is null.
inline constexpr const char* kLastDrawn =
    R"((SELECT coalesce(pg_sequence_last_value('{schema}.outbox_id_seq'::regclass), last_value - 1) AS last_drawn
        FROM {schema}.outbox_id_seq OFFSET 0))";

}  // namespace outbox
