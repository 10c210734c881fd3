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

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t InsertedAt(const Record& record) {
  return std::stoll(record.payload->substr(record.payload->find(' ') + 1));
}

// Of the messages inserted since `from` and before `to`, in microseconds since the epoch.
std::vector<double> LatenciesWithin(const std::vector<Record>& records, std::int64_t from, std::int64_t to) {
  std::vector<Record> within;
  std::copy_if(records.begin(), records.end(), std::back_inserter(within),
               [&](const Record& record) { return InsertedAt(record) >= from && InsertedAt(record) < to; });
  return Latencies(within);
}

std::ostream& operator<<(std::ostream& out, const std::vector<double>& latencies) {
  return out << "p50 " << Percentile(latencies, 50) << " ms, p99 " << Percentile(latencies, 99)
             << " ms, most " << latencies.back() << " ms of " << latencies.size() << " messages";
}

void LatencyFor(seconds duration) {
  Stage stage;
  for (const char* topic : {"orders", "later"}) {
    stage.Admin().CreateTopic(topic, 6, {{"message.timestamp.type", "LogAppendTime"}});
  }
  stage.Admin().CreateTopic("small", 1, {{"max.message.bytes", "500"}});
  Load::Options options{.conninfo = stage.postgres().conninfo("app", "service"),
                        .writers = 4,
                        .keys = 1'000,
                        .rate = 1'000,
                        .bytes = 200};
  // The broker's time, not the relay's: after its start it compiles its own code for some seconds, and
  // the first index entry of each new partition costs it 50 ms of CPU.
  const auto early_relay = stage.StartRelay();
  options.key_prefix = "early";
  Load early(options);
  std::this_thread::sleep_for(seconds(8));
  early.Stop();
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CHECK(early_relay->Stop() == 0);

  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  options.key_prefix = "k";
  const std::int64_t began = NowMicros();
  Load load(options);
  std::this_thread::sleep_for(duration);
  // The first message of a topic that this relay has not seen.
  const std::int64_t later_began = NowMicros();
  Load later({.conninfo = options.conninfo, .topics = {"later"}, .writers = 1, .keys = 1, .rate = 10});
  std::this_thread::sleep_for(seconds(2));
  later.Stop();
  // A refusal costs the producer.
  const std::int64_t rebuilt = NowMicros();
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'small', 'k', string_agg(md5(i::text), '') "
      "FROM generate_series(1, 40) i");
  std::this_thread::sleep_for(seconds(2));
  CHECK(relay->Metric("producer_generations_total", {"reason=\"refusal\""}).value_or(0) == 1);
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));

  TopicReader reader(stage.kafka().bootstrap(), {"orders", "later"});
  REQUIRE(reader.ReadToEnd());
  std::map<std::string, std::int64_t> expected = load.committed();
  for (const Load* other : {&early, &later}) {
    expected.insert(other->committed().begin(), other->committed().end());
  }
  const Verdict verdict = Judge(reader.records(), expected);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.duplicates == 0);
  const auto all = LatenciesWithin(reader.records(), began, NowMicros());
  const auto first_second = LatenciesWithin(reader.records(), began, began + kSecond);
  const auto new_topic = LatenciesWithin(reader.records(), later_began, later_began + kSecond);
  const auto new_producer = LatenciesWithin(reader.records(), rebuilt, rebuilt + kSecond);
  std::cout << "1,000/s since the start: " << all << ", relay " << relay->process().cpu_seconds()
            << " CPU s, " << relay->process().resident_bytes() / 1'000'000 << " MB\n"
            << "in the first second: " << first_second << "\n"
            << "in the second of a new topic's first message: " << new_topic << "\n"
            << "in the second of a new producer: " << new_producer << "\n";
  CHECK(Percentile(all, 99) < 100);  // a machine of two cores that does other things, too
  CHECK(Percentile(first_second, 99) < 500);
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("a steady load is delivered within milliseconds") { LatencyFor(seconds(8)); }
TEST_CASE("a steady load is delivered within milliseconds for a minute", "[slow]") {
  LatencyFor(seconds(60));
}

}  // namespace outbox::test
