// SPDX-License-Identifier: Apache-2.0
#include "bench/lineup.h"
#include "bench/steady_run.h"

namespace outbox::bench {
namespace {

std::int64_t Number(test::Sql& sql, const std::string& query) { return std::stoll(sql.Value(query)); }

// One message, from its insert until a consumer has it. The n-th of a key.
double FirstAfterIdling(Contender& contender, test::Sql& service, Arrivals& arrivals,
                        const std::string& topic, int n) {
  service.Run(contender.InsertInto() + "VALUES ('" + topic + "', 'k', '" + std::to_string(n) + " " +
              std::to_string(NowMicros()) + " ')");
  arrivals.ReadUntil(n, test::seconds(30));
  return static_cast<double>(arrivals.all().back().came - arrivals.all().back().due) / 1e3;
}

Figures MeasureIdle(Site& site, Contender& contender, bool quick) {
  contender.Release();
  contender.AwaitReady();
  const std::string topic = site.NewTopic();
  Arrivals arrivals(site.kafka().bootstrap(), topic);
  test::Sql service(contender.service_conninfo());
  int n = 0;
  for (; n < 20; ++n) FirstAfterIdling(contender, service, arrivals, topic, n + 1);
  const std::string database = test::Sql(contender.superuser_conninfo()).Value("SELECT current_database()");
  test::Sql watch = site.Superuser();  // in a database whose transactions do not count
  const std::string transactions =
      "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '" + database + "'";
  const std::string wal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
  watch.Run("CHECKPOINT");
  std::this_thread::sleep_for(test::seconds(5));

  const double period = quick ? 10 : 30;
  const CpuUse before = CpuUsed(site, contender);
  const std::int64_t transactions_before = Number(watch, transactions);
  const std::int64_t wal_before = Number(watch, wal);
  std::this_thread::sleep_for(std::chrono::duration<double>(period));
  const CpuUse used = CpuUsed(site, contender) - before;
  const auto begun = static_cast<double>(Number(watch, transactions) - transactions_before);
  const auto written = static_cast<double>(Number(watch, wal) - wal_before);

  std::vector<double> first;
  for (int i = 0; i < (quick ? 1 : 3); ++i) {
    std::this_thread::sleep_for(test::seconds(10));
    first.push_back(FirstAfterIdling(contender, service, arrivals, topic, ++n));
  }
  std::sort(first.begin(), first.end());
  arrivals.ReadAll(n);
  site.DropTopic(topic);
  return {{"transactions/s", begun / period},
          {"WAL B/s", written / period},
          {"CPU % of a core", used.contender * 100 / period},
          {"PostgreSQL CPU %", (used.postgres + used.walsender) * 100 / period},
          {"first message ms", Quantile(first, 0.5)}};
}

}  // namespace

std::vector<Case> IdleCases(const Plan& plan) {
  const Measure measure = [quick = plan.quick](Site& site, Contender& contender) {
    return MeasureIdle(site, contender, quick);
  };
  Case one{"nothing to do", {}};
  AddRelays(one, plan, "mark", {}, measure);
  AddRelays(one, plan, "log", {.settings = {{"outbox.completion", "log"}}}, measure);
  if (!plan.quick) {
    AddRelays(one, plan, "notify", {.settings = {{"outbox.wake_up", "notify"}}, .with_notify = true},
              measure);
  }
  AddPeer(one, plan, measure);
  return {one};
}

}  // namespace outbox::bench
