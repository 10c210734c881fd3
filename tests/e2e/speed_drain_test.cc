// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/stage.h"
#include "e2e/verdict.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

struct Drain {
  double seconds = 0;
  double rate = 0;
  double cpu_per_million = 0;
  double postgres_cpu_per_million = 0;
  std::int64_t most_resident = 0;
};

std::ostream& operator<<(std::ostream& out, const Drain& drain) {
  return out << static_cast<int>(drain.rate) << " messages/s, relay " << drain.cpu_per_million
             << " CPU s per million, at most " << drain.most_resident / 1'000'000 << " MB resident";
}

void Fill(const Stage& stage, int rows, int keys, int bytes, const std::string& topic = "orders") {
  const std::string n = std::to_string(keys);
  stage.Service().Run("INSERT INTO outbox (topic, key, payload) SELECT '" + topic + "', 'k' || i % " + n +
                      ", rpad((i / " + n + " + 1) || ' 0 ', " + std::to_string(bytes) +
                      ", md5(i::text)) FROM generate_series(0, " + std::to_string(rows - 1) + ") i");
  stage.Superuser().Run("VACUUM ANALYZE outbox");
  stage.Superuser().Run("CHECKPOINT");
}

// From the start of the process to the last settled row.
Drain Measure(const Stage& stage, int rows, const Config& config = {}) {
  const auto began = std::chrono::steady_clock::now();
  const auto relay = stage.StartRelay(config);
  Drain drain;
  const bool drained = WaitFor(
      [&] {
        const auto sent = relay->Metric("messages_sent_total");
        // Before it answers it may still be the test itself, between fork and exec.
        if (sent) drain.most_resident = std::max(drain.most_resident, relay->process().resident_bytes());
        return sent.value_or(0) >= rows;
      },
      seconds(120));
  INFO(relay->log());
  REQUIRE(drained);
  drain.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  drain.rate = rows / drain.seconds;
  drain.cpu_per_million = relay->process().cpu_seconds() / rows * 1e6;
  CHECK(relay->Stop() == 0);
  return drain;
}

void DrainWith(const Config& config, int rows, int bytes, const std::string& kafka_version = {}) {
  Stage stage({.kafka = {.version = kafka_version}, .config = config});
  stage.Admin().CreateTopic("orders", 6);
  Fill(stage, rows, 10'000, bytes);
  const Drain drain = Measure(stage, rows);
  std::cout << "drain of " << rows << " x " << bytes << " B, " << config.at("outbox.completion") << ": "
            << drain << "\n";
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd(seconds(60)));
  std::map<std::string, std::int64_t> expected;
  for (int i = 0; i < 10'000; ++i) expected["orders/k" + std::to_string(i)] = rows / 10'000;
  const Verdict verdict = Judge(reader.records(), expected);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.duplicates == 0);
  CHECK(drain.most_resident < 64'000'000);
}

}  // namespace

TEST_CASE("a backlog drains in order, once, in little memory") {
  DrainWith({{"outbox.completion", "\"mark\""}}, 100'000, 200);
  DrainWith({{"outbox.completion", "\"delete\""}}, 100'000, 200);
}

TEST_CASE("a backlog drains into the newest Kafka, too") {
  DrainWith({{"outbox.completion", "\"mark\""}}, 20'000, 200, "4.3.1");
}

TEST_CASE("a large backlog drains in order, once, in little memory", "[slow]") {
  for (const char* completion : {"\"mark\"", "\"delete\""}) {
    DrainWith({{"outbox.completion", completion}}, 500'000, 200);
    DrainWith({{"outbox.completion", completion}}, 500'000, 1'000);
  }
}

TEST_CASE("a snapshot held open costs a drain next to nothing", "[slow]") {
  Stage stage({.config = {{"outbox.completion", "\"mark\""}}});
  stage.Admin().CreateTopic("orders", 6);
  constexpr int kRows = 300'000;
  double held = 0, free = 0;
  for (const bool hold : {false, true, true, false}) {
    Sql other = stage.Superuser();
    if (hold) other.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
    Fill(stage, kRows, 10'000, 200);
    const Drain drain = Measure(stage, kRows);
    std::cout << (hold ? "held: " : "free: ") << drain << "\n";
    (hold ? held : free) += drain.seconds;
  }
  std::cout << "a drain under a held snapshot takes " << held / free << " times as long\n";
  CHECK(held / free < 1.25);
}

}  // namespace outbox::test
