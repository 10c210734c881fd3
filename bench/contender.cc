// SPDX-License-Identifier: Apache-2.0
#include "bench/contender.h"

#include "bench/site.h"
#include "bench/topic_end.h"

namespace outbox::bench {
namespace {

constexpr std::int64_t kWarmRows = 200'000;

}  // namespace

void Contender::Fill(const std::string& topic, const Backlog& backlog) const {
  const std::string keys = std::to_string(backlog.keys);
  test::Sql(service_conninfo())
      .Run(InsertInto() + "SELECT '" + topic + "', 'k' || i % " + keys + ", rpad((i / " + keys +
           " + 1) || ' 0 ', " + std::to_string(backlog.bytes) + ", md5(i::text)) FROM generate_series(0, " +
           std::to_string(backlog.rows - 1) + ") i");
  test::Sql superuser(superuser_conninfo());
  superuser.Run("VACUUM ANALYZE " + table());
  superuser.Run("CHECKPOINT");
}

void Contender::Warm() {
  const std::string topic = site_.NewTopic();
  Fill(topic, {.rows = kWarmRows});
  Release();
  TopicEnd(site_.kafka().bootstrap(), topic).Await(kWarmRows, test::seconds(30));
  Settle(kWarmRows, test::seconds(60));
  HoldBack();
  test::Sql(superuser_conninfo()).Run("TRUNCATE " + table());
  site_.DropTopic(topic);
}

}  // namespace outbox::bench
