// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "e2e/load.h"
#include "e2e/verdict.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

const std::map<std::string, std::string> kBrokersTime = {{"message.timestamp.type", "LogAppendTime"}};

// How many messages of a topic a second, by the broker's clock, from so many seconds after its first
// message within `after` on.
double RateWithin(const std::vector<Record>& records, std::int64_t begin_ms, double from, double upto) {
  const auto at = [begin_ms](double second) { return begin_ms + static_cast<std::int64_t>(1'000 * second); };
  const auto count = std::count_if(records.begin(), records.end(), [&](const Record& record) {
    return record.timestamp_ms >= at(from) && record.timestamp_ms < at(upto);
  });
  return static_cast<double>(count) / (upto - from);
}

std::int64_t FirstSince(const std::vector<Record>& records, std::int64_t since_ms) {
  std::int64_t first = INT64_MAX;
  for (const Record& record : records) {
    if (record.timestamp_ms >= since_ms) first = std::min(first, record.timestamp_ms);
  }
  return first;
}

std::vector<Record> Read(const Stage& stage, const std::vector<std::string>& topics) {
  TopicReader reader(stage.kafka().bootstrap(), topics);
  REQUIRE(reader.ReadToEnd(seconds(60)));
  return reader.records();
}

std::int64_t NowMillis() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// While `bulk` has a backlog, ten messages a second of `quiet`; their latencies.
std::vector<double> QuietBeside(const Stage& stage, const Config& config, seconds time,
                                const std::string& name, Expected& expected) {
  const auto relay = stage.StartRelay(config);
  relay->AwaitReady();
  std::this_thread::sleep_for(seconds(2));
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"quiet"},
             .writers = 1,
             .key_prefix = name,
             .keys = 5,
             .rate = 10});
  std::this_thread::sleep_for(time);
  load.Stop();
  const bool still_busy = stage.Count("pending") > 1'000;
  CHECK(still_busy);
  CHECK(relay->Metric("lag_seconds").value_or(0) > 1);  // what has to wait for its limit is late all the same
  std::this_thread::sleep_for(seconds(1));
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  INFO(relay->log());
  CHECK(relay->Stop() == 0);
  std::vector<Record> records = Read(stage, {"quiet"});
  std::erase_if(records, [&](const Record& record) { return !record.key || !record.key->starts_with(name); });
  CHECK(Judge(records, load.committed()).lost == 0);
  expected.insert(load.committed().begin(), load.committed().end());
  return Latencies(records);
}

}  // namespace

TEST_CASE("a limit of messages a second is held within five percent, and nothing is held meanwhile") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6, kBrokersTime);
  Expected expected;
  AddBacklog(stage, "orders", 40'000, 100, expected);
  const auto relay = stage.StartRelay({{"pace.messages_per_second", "1500"}});
  relay->AwaitReady();
  Sql sql = stage.Superuser();
  int busy = 0;
  for (int i = 0; i < 150; ++i) {
    const auto open =
        sql.Value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'relay' AND xact_start IS NOT NULL");
    if (open != "0") ++busy;
    std::this_thread::sleep_for(milliseconds(100));
  }
  const auto records = Read(stage, {"orders"});
  const double rate = RateWithin(records, FirstSince(records, 0), 2, 14);
  std::cout << "1,500 a second: " << rate << " a second over 12 s; a transaction was open in " << busy
            << " of 150 looks\n";
  CHECK(rate > 1'425);
  CHECK(rate < 1'575);
  CHECK(busy < 100);
  // Reloaded, it ends.
  Config unlimited{{"pace.messages_per_second", "0"}};
  unlimited.insert({"postgres.conninfo", "\"" + stage.postgres().conninfo("app", "relay") + "\""});
  unlimited.insert({"kafka.brokers", "[\"" + stage.kafka().bootstrap() + "\"]"});
  unlimited.insert({"outbox.name", "\"orders\""});
  relay->WriteConfig(unlimited);
  relay->process().Kill(SIGHUP);
  CHECK(stage.AwaitDrained(seconds(15)));
  CHECK(CheckDelivered(stage, {"orders"}, expected).duplicates == 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a topic with a backlog does not delay one with few messages, by either limit") {
  Stage stage;
  for (const char* topic : {"bulk", "quiet"}) stage.Admin().CreateTopic(topic, 6, kBrokersTime);
  Expected expected;
  AddBacklog(stage, "bulk", 200'000, 1'000, expected);
  const auto own = QuietBeside(stage, {{"pace.topics", "{ bulk = 5000 }"}}, seconds(15), "own", expected);
  const auto common =
      QuietBeside(stage, {{"pace.messages_per_second", "3000"}}, seconds(15), "common", expected);
  for (const auto& [limit, latencies] : {std::pair("of its own", &own), std::pair("for all", &common)}) {
    std::cout << "10 a second beside a backlog of 200,000 with a limit " << limit << ": p50 "
              << Percentile(*latencies, 50) << " ms, p99 " << Percentile(*latencies, 99) << " ms of "
              << latencies->size() << " messages\n";
    REQUIRE(latencies->size() > 100);
    CHECK(Percentile(*latencies, 99) < 1'000);
  }
  // In order all the same, and when the limit is gone so is the backlog.
  const auto relay = stage.StartRelay();
  CHECK(stage.AwaitDrained(seconds(40)));
  CHECK(CheckDelivered(stage, {"bulk", "quiet"}, expected).duplicates == 0);
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("topics with limits of their own keep to them, and to their order, through refusals and retries") {
  Stage stage({.config = {{"delivery.backoff.initial", "\"100ms\""},
                          {"delivery.backoff.max", "\"500ms\""},
                          {"delivery.max_attempts", "0"}}});
  stage.Admin().CreateTopic("bulk", 3, {{"message.timestamp.before.max.ms", "3600000"}});
  stage.Admin().CreateTopic("orders", 3);
  const auto relay = stage.StartRelay({{"pace.topics", "{ bulk = 1000, orders = \"200KiB\" }"}});
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"bulk", "orders"},
             .writers = 4,
             .keys = 20,
             .rate = 1'500});
  // A message that is refused, amid a key, until its cause is gone.
  std::int64_t id = 0;
  load.Amid(3, [&] {
    id =
        std::stoll(stage.Service().Value("INSERT INTO outbox (topic, key, payload, created_at) VALUES "
                                         "('bulk', 'k3', '0 0', now() - interval '2 hours') RETURNING id"));
  });
  std::this_thread::sleep_for(seconds(8));
  stage.Admin().AlterTopicConfig("bulk", {});
  std::this_thread::sleep_for(seconds(4));
  load.Stop();
  CHECK(stage.AwaitDrained(seconds(30)));
  TopicReader reader(stage.kafka().bootstrap(), {"bulk", "orders"});
  REQUIRE(reader.ReadToEnd());
  auto records = reader.records();
  const auto odd = std::erase_if(records, [](const Record& record) { return record.payload == "0 0"; });
  CHECK(odd == 1);
  const Verdict verdict = Judge(records, load.committed());
  for (const std::string& example : verdict.examples) UNSCOPED_INFO(example);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Metric("attempts_total").value_or(0) > 0);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("after an outage a backlog does not come back at once") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6, kBrokersTime);
  Expected expected;
  const auto relay = stage.StartRelay({{"pace.messages_per_second", "2000"}, {"pace.ramp", "\"10s\""}});
  relay->AwaitReady();
  AddBacklog(stage, "orders", 60'000, 100, expected);
  REQUIRE(WaitFor([&] { return Sent(*relay) > 4'000; }, seconds(20)));
  stage.kafka().Stop();
  REQUIRE(WaitFor([&] { return relay->Metric("breaker_state", {"state=\"open\""}).value_or(0) == 1; },
                  seconds(30)));
  const std::int64_t back = NowMillis();
  stage.kafka().Start();
  REQUIRE(WaitFor([&] { return relay->Metric("breaker_state", {"state=\"closed\""}).value_or(0) == 1; },
                  seconds(30)));
  std::this_thread::sleep_for(seconds(17));
  const auto records = Read(stage, {"orders"});
  const std::int64_t begin = FirstSince(records, back);
  const double early = RateWithin(records, begin, 0, 2);
  const double amid = RateWithin(records, begin, 4, 6);
  const double late = RateWithin(records, begin, 11, 15);
  std::cout << "2,000 a second, in the first 2 s after an outage: " << early << ", after 4 to 6 s: " << amid
            << ", after 11 to 15 s: " << late << " a second\n";
  // A tenth to a fifth of the limit, and what was on its way when the broker went: up to a second's worth.
  CHECK(early < 1'300);
  CHECK(amid > 600);
  CHECK(amid < 1'500);
  CHECK(late > 1'800);
  CHECK(late < 2'200);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
