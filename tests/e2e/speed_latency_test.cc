// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>
#include <utility>

#include "e2e/load.h"
#include "e2e/stage.h"
#include "e2e/verdict.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

std::int64_t InsertedAt(const Record& record) {
  return std::stoll(record.payload->substr(record.payload->find(' ') + 1));
}

// The first second is told apart: new connections plan their statements, the client finds its brokers.
std::pair<std::vector<Record>, std::vector<Record>> SplitFirstSecond(const std::vector<Record>& records) {
  std::int64_t begin = InsertedAt(records.front());
  for (const Record& record : records) begin = std::min(begin, InsertedAt(record));
  std::pair<std::vector<Record>, std::vector<Record>> split;
  for (const Record& record : records) {
    (InsertedAt(record) < begin + 1'000'000 ? split.first : split.second).push_back(record);
  }
  return split;
}

void LatencyFor(seconds duration) {
  Stage stage;
  for (const char* topic : {"orders", "later", "warm"}) {
    stage.Admin().CreateTopic(topic, 6, {{"message.timestamp.type", "LogAppendTime"}});
  }
  // A broker that has just started compiles its own code for some seconds; that is not the relay's time.
  for (int i = 0; i < 3; ++i) {
    stage.Service().Run(
        "INSERT INTO outbox (topic, key, payload) SELECT 'warm', i, 'warm' FROM generate_series(1, 20000) i");
    const auto warming = stage.StartRelay();
    const bool drained = stage.AwaitDrained(seconds(20));
    INFO(warming->log());
    REQUIRE(drained);
    CHECK(warming->Stop() == 0);
  }
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .writers = 4,
             .keys = 1'000,
             .rate = 1'000,
             .bytes = 200});
  std::this_thread::sleep_for(duration);
  // The first message of a topic that this relay has not seen.
  Load later({.conninfo = stage.postgres().conninfo("app", "service"),
              .topics = {"later"},
              .writers = 1,
              .keys = 1,
              .rate = 10});
  std::this_thread::sleep_for(seconds(2));
  later.Stop();
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders", "later"});
  REQUIRE(reader.ReadToEnd());
  std::map<std::string, std::int64_t> expected = load.committed();
  expected.insert(later.committed().begin(), later.committed().end());
  const Verdict verdict = Judge(reader.records(), expected);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.duplicates == 0);
  const auto [first_second, later_on] = SplitFirstSecond(reader.records());
  const auto first = Latencies(first_second);
  const auto latencies = Latencies(later_on);
  std::cout << "1,000/s, first second after the start: p50 " << Percentile(first, 50) << " ms, p99 "
            << Percentile(first, 99) << " ms\n";
  std::cout << "1,000/s: p50 " << Percentile(latencies, 50) << " ms, p99 " << Percentile(latencies, 99)
            << " ms, p99.9 " << Percentile(latencies, 99.9) << " ms, most " << latencies.back() << " ms of "
            << latencies.size() << " messages, relay " << relay->process().cpu_seconds() << " CPU s, "
            << relay->process().resident_bytes() / 1'000'000 << " MB\n";
  CHECK(Percentile(first, 99) < 1'000);
  CHECK(Percentile(latencies, 99) < 100);  // a machine of two cores that does other things, too
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("a steady load is delivered within milliseconds") { LatencyFor(seconds(8)); }
TEST_CASE("a steady load is delivered within milliseconds for a minute", "[slow]") {
  LatencyFor(seconds(60));
}

}  // namespace outbox::test
