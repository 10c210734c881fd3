// SPDX-License-Identifier: Apache-2.0
#include "bench/sent_history.h"

#include <algorithm>
#include <string>

#include "bench/contender.h"
#include "support/sql.h"

namespace outbox::bench {

void AddSentHistory(const Contender& contender, std::int64_t rows) {
  test::Sql sql(contender.superuser_conninfo());
  constexpr std::int64_t kAtOnce = 1'000'000;  // a commit now and then, so that checkpoints can keep up
  for (std::int64_t done = 0; done < rows; done += kAtOnce) {
    sql.Run(
        "INSERT INTO outbox (topic, key, payload, status, sent_at) "
        "SELECT 'history', 'k' || i % 10000, rpad('1 0 ', 200, md5(i::text)), 'sent', "
        "clock_timestamp() - interval '1 minute' FROM generate_series(1, " +
        std::to_string(std::min(kAtOnce, rows - done)) + ") i");
  }
  sql.Run("VACUUM ANALYZE outbox");
  sql.Run("CHECKPOINT");
}

}  // namespace outbox::bench
