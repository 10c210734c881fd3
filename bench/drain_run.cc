// SPDX-License-Identifier: Apache-2.0
#include "bench/drain_run.h"

#include "bench/arrivals.h"
#include "bench/cpu_use.h"
#include "bench/site.h"
#include "bench/topic_end.h"

namespace outbox::bench {
namespace {

constexpr test::seconds kPatience(30);

double WalBytes(const Site& site) {
  return std::stod(site.Superuser().Value("SELECT pg_current_wal_insert_lsn() - '0/0'"));
}

}  // namespace

Figures DrainOnce(Site& site, Contender& contender, const Backlog& backlog) {
  const std::string topic = site.NewTopic();
  contender.Fill(topic, backlog);
  const TopicEnd end(site.kafka().bootstrap(), topic);
  const double wal_before = WalBytes(site);
  const CpuUse before = CpuUsed(site, contender);
  const std::int64_t began = NowMicros();
  contender.Release();
  const double longest_pause = end.Await(backlog.rows, kPatience);
  const std::int64_t delivered = NowMicros();
  contender.Settle(backlog.rows, kPatience);
  const std::int64_t settled = NowMicros();
  const CpuUse used = CpuUsed(site, contender) - before;
  const double wal = WalBytes(site) - wal_before;
  const auto resident = static_cast<double>(PeakResidentBytes(contender.pids()));
  contender.HoldBack();

  Arrivals arrivals(site.kafka().bootstrap(), topic);
  arrivals.ReadAll(backlog.rows);
  if (contender.unsettled() != 0) throw Fault("all was delivered, and not all is settled");
  site.DropTopic(topic);

  const auto rows = static_cast<double>(backlog.rows);
  const double millions = rows / 1e6;
  return {{"messages/s", rows * 1e6 / static_cast<double>(delivered - began)},
          {"settled/s", rows * 1e6 / static_cast<double>(settled - began)},
          {"CPU s/million", used.contender / millions},
          {"PostgreSQL CPU s/million", (used.postgres + used.walsender) / millions},
          {"of it walsender", used.walsender / millions},
          {"WAL B/message", wal / rows},
          {"broker CPU s/million", used.broker / millions},
          {"peak resident MB", resident / 1e6},
          {"longest pause ms", longest_pause},
          {"repeats", static_cast<double>(arrivals.repeats())}};
}

}  // namespace outbox::bench
