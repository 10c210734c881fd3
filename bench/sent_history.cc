// SPDX-License-Identifier: Apache-2.0
#include "bench/sent_history.h"

#include <algorithm>
#include <string>

#include "bench/relay_contender.h"
#include "support/sql.h"

namespace outbox::bench {

void AddSentHistory(const RelayContender& relay, std::int64_t rows) {
  test::Sql sql(relay.superuser_conninfo());
  const bool log = relay.keeps_log();
  constexpr std::int64_t kAtOnce = 1'000'000;  // a commit now and then, so that checkpoints can keep up
  for (std::int64_t done = 0; done < rows; done += kAtOnce) {
    sql.Run("INSERT INTO outbox (topic, key, payload" + std::string(log ? "" : ", status, sent_at") +
            ") SELECT 'history', 'k' || i % 10000, rpad('1 0 ', 200, md5(i::text))" +
            (log ? "" : ", 'sent', clock_timestamp() - interval '1 minute'") + " FROM generate_series(1, " +
            std::to_string(std::min(kAtOnce, rows - done)) + ") i");
  }
  if (log && rows > 0) {
    sql.Run(
        "UPDATE outbox_progress SET version = version + 1, snapshot = pg_current_snapshot(), pairs = '',"
        " upto = (SELECT last_value FROM outbox_id_seq)");
  }
  sql.Run("VACUUM ANALYZE outbox");
  sql.Run("CHECKPOINT");
}

}  // namespace outbox::bench
