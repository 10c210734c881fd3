// SPDX-License-Identifier: Apache-2.0
//
// What takes long beside a log: a relay that is frozen, and transactions that stay open.
#include <algorithm>
#include <iostream>
#include <thread>

#include "e2e/faults_scene.h"
#include "e2e/log_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

std::string Insert(const std::string& key, int sequence) {
  return "INSERT INTO outbox (topic, key, payload) VALUES ('orders', '" + key + "', '" +
         std::to_string(sequence) + " 0 ')";
}

// Always one transaction of five seconds, as a report or a batch import may be.
class SlowWriter {
 public:
  explicit SlowWriter(const Stage& stage)
      : sql_(stage.Service()), thread_([this](const auto& stop) { Run(stop); }) {}

  Expected Stop() {
    thread_.request_stop();
    thread_.join();
    return {{"orders/slow", sequence_}};
  }

 private:
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      sql_.Run("BEGIN; " + Insert("slow", ++sequence_));
      std::this_thread::sleep_for(seconds(5));
      sql_.Run(Insert("slow", ++sequence_) + "; COMMIT");
    }
  }

  Sql sql_;
  int sequence_ = 0;
  std::jthread thread_;
};

// In milliseconds from insert to the broker, of the load's messages that were inserted between these times.
std::vector<double> LatenciesBetween(std::vector<Record> records, std::int64_t from, std::int64_t to) {
  std::erase_if(records, [&](const Record& record) {
    if (!record.key->starts_with("k")) return true;
    const std::int64_t at = std::stoll(record.payload->substr(record.payload->find(' ') + 1)) / 1'000;
    return at < from || at >= to;
  });
  return Latencies(records);
}

std::int64_t NowMillis() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void KeepOpen(seconds open) {
  Stage stage(LogOptions());
  stage.Admin().CreateTopic("orders", 6, {{"message.timestamp.type", "LogAppendTime"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  SlowWriter slow(stage);
  Load load(LoadOf(stage, 1'000, 100));
  std::this_thread::sleep_for(seconds(5));
  Sql writer = stage.Service();
  constexpr int kRows = 50;
  writer.Run("BEGIN; " + Insert("long", 1));
  const std::int64_t began = NowMillis();
  for (int row = 2; row <= kRows; ++row) {
    std::this_thread::sleep_for(open / kRows);
    writer.Run(Insert("long", row));
  }
  const std::int64_t ended = NowMillis();
  writer.Run("COMMIT");
  const std::int64_t committed = NowMillis();
  std::this_thread::sleep_for(seconds(2));
  load.Stop();
  Expected expected = load.committed();
  expected["orders/long"] = kRows;
  expected.merge(slow.Stop());
  REQUIRE(AwaitLogDrained(stage, seconds(30)));
  INFO(relay->log());
  CHECK(CheckDelivered(stage, {"orders"}, expected).duplicates == 0);
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd(seconds(60)));
  std::int64_t last = 0;
  for (const Record& record : reader.records())
    if (record.key == "long") last = std::max(last, record.timestamp_ms);
  CHECK(last - committed < 1'000);
  const std::vector<double> before = LatenciesBetween(reader.records(), began - 4'000, began);
  const std::vector<double> beside = LatenciesBetween(reader.records(), began, ended);
  REQUIRE(before.size() > 1'000);
  std::cout << "a transaction open for " << open.count() << " s beside 1,000/s: median and p99 "
            << Percentile(before, 50) << " and " << Percentile(before, 99) << " ms before, "
            << Percentile(beside, 50) << " and " << Percentile(beside, 99)
            << " ms meanwhile, its last message " << last - committed << " ms after its commit\n";
  CHECK(Percentile(beside, 50) < 3 * Percentile(before, 50) + 50);
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("a transaction that stays open for a minute delays nobody else, and its messages come in order") {
  KeepOpen(seconds(60));
}
TEST_CASE("a transaction that stays open for ten minutes delays nobody else", "[slow]") {
  KeepOpen(std::chrono::minutes(10));
}

TEST_CASE("a relay frozen until it has lost the guard moves no progress when it goes on") {
  Stage stage(LogOptions());
  stage.Admin().CreateTopic("orders", 6);
  const Config config = {{"delivery.deadline", "\"3s\""}, {"postgres.transaction_timeout", "\"13s\""}};
  const auto frozen = stage.StartRelay(config);
  frozen->AwaitReady();
  Load load(LoadOf(stage, 1'000, 50));
  REQUIRE(AwaitMoreSent(*frozen, 500));
  const auto other = stage.StartRelay(config);
  other->AwaitReady();
  Sql sql = stage.Superuser();
  for (int i = 0; i < 3; ++i) {
    RelayProcess& reader = *(i % 2 == 0 ? frozen : other);
    RelayProcess& successor = *(i % 2 == 0 ? other : frozen);
    INFO("round " << i << "\n" << reader.log() << successor.log());
    const double sent = Sent(successor);
    const std::string before = sql.Value("SELECT writer FROM outbox_progress");
    reader.process().Kill(SIGSTOP);
    const Stopwatch watch;
    REQUIRE(WaitFor([&] { return Sent(successor) >= sent + 500; }, seconds(30)));
    std::cout << "taken over from a frozen relay after " << watch.seconds() << " s\n";
    // What was sent first may not be first in the log, and progress then still where it was.
    std::string writer;
    REQUIRE(WaitFor([&] { return (writer = sql.Value("SELECT writer FROM outbox_progress")) != before; }));
    reader.process().Kill(SIGCONT);
    // Whatever it still believes, the progress belongs to the other one from here on.
    for (int look = 0; look < 50; ++look) {
      std::this_thread::sleep_for(milliseconds(100));
      REQUIRE(sql.Value("SELECT writer FROM outbox_progress") == writer);
    }
  }
  load.Stop();
  INFO(frozen->log() << other->log());
  REQUIRE(AwaitLogDrained(stage, seconds(30)));
  const Verdict verdict = CheckDelivered(stage, {"orders"}, load.committed());
  std::cout << "3 times frozen: " << verdict.duplicates << " duplicates of " << verdict.seen << "\n";
  CHECK(frozen->Stop() == 0);
  CHECK(other->Stop() == 0);
}

}  // namespace outbox::test
