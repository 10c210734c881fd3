// SPDX-License-Identifier: Apache-2.0
//
// KafkaPublisher on a real broker: what a mock cannot show about order, refusals and speed.
#include "kafka/kafka_publisher.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/topic_reader.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kLong{20'000};

TimePoint Late() { return Clock::now() + kLong; }
double Since(TimePoint start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

KafkaBroker& Broker() {
  static KafkaBroker broker({.properties = {{"auto.create.topics.enable", "false"}}});
  return broker;
}

// Bytes of a batch, which move nowhere while they are held.
using Memory = std::vector<std::string>;

struct Ended {
  std::mutex mutex;
  std::vector<std::string> reasons;  // protected by mutex

  KafkaEvents Events() {
    KafkaEvents events;
    events.generation_ended = [this](std::string_view reason, std::string_view) {
      const std::lock_guard lock(mutex);
      reasons.emplace_back(reason);
    };
    return events;
  }
  std::vector<std::string> Get() {
    const std::lock_guard lock(mutex);
    return reasons;
  }
};

KafkaPublisherOptions Options(std::vector<KafkaProperty> properties = {}) {
  KafkaPublisherOptions options;
  options.outbox_name = "test";
  options.kafka.brokers = {Broker().bootstrap()};
  options.kafka.properties = std::move(properties);
  return options;
}

KafkaProperty Property(std::string name, std::string value) {
  return {std::move(name), std::move(value), "test", nullptr};
}

Message Make(std::string_view topic, std::size_t index, std::string_view payload) {
  Message message;
  message.id = static_cast<std::int64_t>(index) + 1;
  message.message_id = "0b0e0b5e-0000-4000-8000-000000000000";
  message.topic = topic;
  message.key = "k";
  message.payload = payload;
  return message;
}

std::unique_ptr<Delivery> Open(Publisher& publisher, std::size_t size, std::shared_ptr<const void> memory) {
  std::unique_ptr<Delivery> delivery;
  WaitFor([&] { return (delivery = publisher.Open(size, memory)) != nullptr; });
  REQUIRE(delivery != nullptr);
  return delivery;
}

void AwaitReports(Delivery& delivery) {
  const TimePoint until = Late();
  while (delivery.unreported() > 0 && Clock::now() < until) delivery.Wait(until);
  REQUIRE(delivery.unreported() == 0);
}

// Numbers as payloads; the one at `large` is padded so that no compression makes it small.
std::shared_ptr<const Memory> Numbers(std::size_t size, std::size_t large) {
  auto memory = std::make_shared<Memory>();
  for (std::size_t i = 0; i < size; ++i) memory->push_back(std::to_string(i) + ":");
  unsigned state = 1;
  while (large < size && (*memory)[large].size() < 20'000) {
    state = state * 1664525U + 1013904223U;
    (*memory)[large].push_back(static_cast<char>('!' + (state >> 24) % 90));
  }
  return memory;
}

std::vector<int> NumbersIn(const std::string& topic) {
  TopicReader reader(Broker().bootstrap(), {topic});
  REQUIRE(reader.ReadToEnd());
  std::vector<int> numbers;
  for (const auto& record : reader.records()) numbers.push_back(std::stoi(*record.payload));
  return numbers;
}

TEST_CASE("a message arrives as it was given", "[kafka]") {
  KafkaAdmin(Broker().bootstrap()).CreateTopic("whole");
  KafkaPublisher publisher(Options(), {});
  REQUIRE(publisher.CheckTopic("whole", kLong) == TopicState::kUsable);
  const auto delivery = Open(publisher, 4, nullptr);

  Message message = Make("whole", 0, "p\xc3\xa4yload");
  message.type = "paid";
  message.headers = R"({"traceparent": "00-1-2-01", "n": {"a": 1}, "id": "not this"})";
  message.created_at = microseconds(1'700'000'000'123'999);
  REQUIRE(delivery->Publish(message, 0, Road::kMain) == HandOver::kAccepted);
  message.key.reset();
  message.payload.reset();
  REQUIRE(delivery->Publish(message, 1, Road::kMain) == HandOver::kAccepted);
  message.key = "";
  message.payload = std::string_view();
  REQUIRE(delivery->Publish(message, 2, Road::kMain) == HandOver::kAccepted);
  message.headers = "[]";
  REQUIRE(delivery->Publish(message, 3, Road::kMain) == HandOver::kAccepted);
  CHECK(delivery->report(3).kind == ReportKind::kRefused);
  CHECK(delivery->report(3).reason == Reason::kMalformed);
  AwaitReports(*delivery);
  CHECK_FALSE(delivery->ended());

  TopicReader reader(Broker().bootstrap(), {"whole"});
  REQUIRE(reader.ReadToEnd());
  REQUIRE(reader.records().size() == 3);
  const Record& first = reader.records()[0];
  CHECK(first.key == "k");
  CHECK(first.payload == "p\xc3\xa4yload");
  CHECK(first.timestamp_ms == 1'700'000'000'123);
  const std::vector<std::pair<std::string, std::string>> headers = {{"id", std::string(message.message_id)},
                                                                    {"type", "paid"},
                                                                    {"traceparent", "00-1-2-01"},
                                                                    {"n", R"({"a":1})"}};
  CHECK(first.headers == headers);
  CHECK_FALSE(reader.records()[1].key);
  CHECK_FALSE(reader.records()[1].payload);
  CHECK(reader.records()[2].key == "");
  CHECK(reader.records()[2].payload == "");
}

TEST_CASE("the timestamp can be the time of publishing", "[kafka]") {
  KafkaAdmin(Broker().bootstrap()).CreateTopic("stamped");
  KafkaPublisher publisher(Options(), {});
  publisher.SetTimestamp(MessageTimestamp::kPublish);
  REQUIRE(publisher.CheckTopic("stamped", kLong) == TopicState::kUsable);
  const auto delivery = Open(publisher, 1, nullptr);
  Message message = Make("stamped", 0, "p");
  message.created_at = microseconds(1'700'000'000'000'000);
  REQUIRE(delivery->Publish(message, 0, Road::kMain) == HandOver::kAccepted);
  AwaitReports(*delivery);
  TopicReader reader(Broker().bootstrap(), {"stamped"});
  REQUIRE(reader.ReadUntil(1));
  const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  CHECK(now.count() - reader.records()[0].timestamp_ms < 60'000);
}

TEST_CASE("nothing later of a partition is in the log after a refusal, and a new generation is quick",
          "[kafka]") {
  constexpr std::size_t kSize = 2'000;
  constexpr std::size_t kLarge = 500;
  KafkaAdmin(Broker().bootstrap()).CreateTopic("strict", 1, {{"max.message.bytes", "10000"}});
  Ended ended;
  KafkaPublisher publisher(Options({Property("batch.num.messages", "20")}), ended.Events());
  REQUIRE(publisher.CheckTopic("strict", kLong) == TopicState::kUsable);
  auto memory = Numbers(kSize, kLarge);
  const std::weak_ptr<const Memory> watch = memory;
  auto delivery = Open(publisher, kSize, memory);
  const TimePoint start = Clock::now();
  std::size_t handed = 0;
  for (; handed < kSize; ++handed) {
    if (delivery->Publish(Make("strict", handed, (*memory)[handed]), handed, Road::kMain) !=
        HandOver::kAccepted) {
      break;
    }
  }
  AwaitReports(*delivery);
  const double over = Since(start);
  CHECK(delivery->ended());
  CHECK(delivery->report(kLarge).kind == ReportKind::kRefused);
  CHECK(delivery->report(kLarge).reason == Reason::kTooLarge);
  std::size_t persisted = 0;
  while (delivery->report(persisted).kind == ReportKind::kPersisted) ++persisted;
  CHECK(persisted <= kLarge);
  for (std::size_t i = persisted; i < handed; ++i) CHECK(delivery->report(i).kind != ReportKind::kPersisted);
  const auto log = NumbersIn("strict");
  REQUIRE(log.size() == persisted);
  for (std::size_t i = 0; i < persisted; ++i) CHECK(log[i] == static_cast<int>(i));
  CHECK(ended.Get() == std::vector<std::string>{"refusal"});

  delivery.reset();
  memory.reset();
  CHECK(WaitFor([&] { return watch.expired(); }));

  const TimePoint rebuild = Clock::now();
  const auto next = Open(publisher, 1, nullptr);
  REQUIRE(publisher.CheckTopic("strict", kLong) == TopicState::kUsable);
  REQUIRE(next->Publish(Make("strict", 0, "0:"), 0, Road::kMain) == HandOver::kAccepted);
  AwaitReports(*next);
  CHECK(next->report(0).kind == ReportKind::kPersisted);
  std::cout << "refusal: " << persisted << " of " << handed << " persisted, all reported after " << over
            << " ms; from Open of a new generation to its first report " << Since(rebuild) << " ms\n";
}

TEST_CASE("alone, exactly the refused message is charged", "[kafka]") {
  constexpr std::size_t kSize = 40;
  constexpr std::size_t kLarge = 20;
  KafkaAdmin(Broker().bootstrap()).CreateTopic("alone", 1, {{"max.message.bytes", "10000"}});
  Ended ended;
  KafkaPublisher publisher(Options(), ended.Events());
  REQUIRE(publisher.CheckTopic("alone", kLong) == TopicState::kUsable);
  const auto memory = Numbers(kSize, kLarge);
  const auto delivery = Open(publisher, kSize, memory);
  for (std::size_t i = 0; i < kSize; ++i) {
    REQUIRE(delivery->Publish(Make("alone", i, (*memory)[i]), i, Road::kAlone) == HandOver::kAccepted);
  }
  AwaitReports(*delivery);
  std::vector<int> expected;
  for (std::size_t i = 0; i < kSize; ++i) {
    CHECK((delivery->report(i).kind == ReportKind::kRefused) == (i == kLarge));
    if (i != kLarge) expected.push_back(static_cast<int>(i));
  }
  CHECK(NumbersIn("alone") == expected);
  CHECK(ended.Get().empty());
}

TEST_CASE("a topic that goes away ends the generation, and a missing one is known as such", "[kafka]") {
  KafkaPublisher publisher(Options({Property("topic.metadata.refresh.interval.ms", "200"),
                                    Property("topic.metadata.propagation.max.ms", "0")}),
                           {});
  CHECK(publisher.CheckTopic("missing", kLong) == TopicState::kUnknown);
  CHECK(publisher.CheckTopic("no topic can be called this", kLong) == TopicState::kUnknown);
  KafkaAdmin admin(Broker().bootstrap());
  admin.CreateTopic("missing");
  CHECK(publisher.CheckTopic("missing", kLong) == TopicState::kUsable);
  const auto delivery = Open(publisher, 1, nullptr);
  admin.DeleteTopic("missing");
  REQUIRE(delivery->Publish(Make("missing", 0, "p"), 0, Road::kMain) == HandOver::kAccepted);
  AwaitReports(*delivery);
  CHECK(delivery->report(0).kind == ReportKind::kTopicUnknown);
  CHECK(delivery->ended());
}

TEST_CASE("a broker that is down is noticed, costs no message, and is found again", "[kafka]") {
  KafkaAdmin(Broker().bootstrap()).CreateTopic("outage");
  KafkaPublisher publisher(Options(), {});
  REQUIRE(publisher.CheckTopic("outage", kLong) == TopicState::kUsable);
  const auto delivery = Open(publisher, 1, nullptr);
  Broker().Crash();
  REQUIRE(delivery->Publish(Make("outage", 0, "0:"), 0, Road::kMain) == HandOver::kAccepted);
  CHECK(WaitFor([&] { return publisher.Health().all_down_since.has_value(); }));
  CHECK_FALSE(publisher.Probe(milliseconds(100)));
  CHECK(delivery->unreported() == 1);
  Broker().Start();
  AwaitReports(*delivery);
  CHECK(delivery->report(0).kind == ReportKind::kPersisted);
  CHECK_FALSE(publisher.Health().all_down_since);
  CHECK(NumbersIn("outage") == std::vector<int>{0});
}

TEST_CASE("a single message is reported at once, also the first of a topic in a new generation", "[kafka]") {
  KafkaAdmin(Broker().bootstrap()).CreateTopic("quick", 6);
  KafkaPublisher publisher(Options(), {});
  REQUIRE(publisher.CheckTopic("quick", kLong) == TopicState::kUsable);
  std::vector<double> times;
  double first = 0;
  for (int generation = 0; generation < 3; ++generation) {
    const auto delivery = Open(publisher, 200, nullptr);
    REQUIRE(publisher.CheckTopic("quick", kLong) == TopicState::kUsable);
    for (std::size_t i = 0; i < 200; ++i) {
      const TimePoint start = Clock::now();
      REQUIRE(delivery->Publish(Make("quick", i, "p"), i, Road::kMain) == HandOver::kAccepted);
      AwaitReports(*delivery);
      times.push_back(Since(start));
      if (i == 0) first = std::max(first, times.back());
    }
    delivery->GiveUp(GiveUpReason::kOther);
  }
  std::ranges::sort(times);
  std::cout << "hand-over to report of a single message: median " << times[times.size() / 2] << " ms, p99 "
            << times[times.size() * 99 / 100] << " ms; slowest first one of a generation " << first
            << " ms\n";
  // Far above what is usual, far below librdkafka's topic scan.
  CHECK(times[times.size() / 2] < 20);
  CHECK(first < 600);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void PublishBatches(Publisher& publisher, std::size_t batches, std::size_t size, const Memory& keys) {
  const std::string payload(200, 'x');
  for (std::size_t batch = 0; batch < batches; ++batch) {
    const auto delivery = Open(publisher, size, nullptr);
    for (std::size_t i = 0; i < size; ++i) {
      Message message = Make("fast", i, payload);
      message.key = keys[(batch * size + i) % keys.size()];
      while (delivery->Publish(message, i, Road::kMain) == HandOver::kFull) {
        delivery->Wait(Clock::now() + milliseconds(1));
      }
    }
    AwaitReports(*delivery);
    for (std::size_t i = 0; i < size; ++i) {
      if (delivery->report(i).kind != ReportKind::kPersisted) throw std::runtime_error("not persisted");
    }
  }
}

TEST_CASE("a million messages from three workers go through quickly", "[kafka]") {
  constexpr std::size_t kWorkers = 3;
  constexpr std::size_t kSize = 2'000;
  constexpr std::size_t kBatches = 167;
  KafkaAdmin(Broker().bootstrap()).CreateTopic("fast", 6);
  KafkaPublisher publisher(Options(), {});
  REQUIRE(publisher.CheckTopic("fast", kLong) == TopicState::kUsable);
  Memory keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("key-" + std::to_string(i));
  PublishBatches(publisher, 20, kSize, keys);  // warm

  const double cpu = CpuSeconds();
  const TimePoint start = Clock::now();
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < kWorkers; ++i) {
      workers.emplace_back([&] { PublishBatches(publisher, kBatches, kSize, keys); });
    }
  }
  const double milliseconds_taken = Since(start);
  constexpr double kMessages = kWorkers * kBatches * kSize;
  std::cout << "batches of " << kSize << " from " << kWorkers
            << " workers: " << kMessages / milliseconds_taken * 1000 << " messages/s, "
            << (CpuSeconds() - cpu) / kMessages * 1e6 << " CPU s per million\n";
  CHECK(milliseconds_taken < 60'000);
}

}  // namespace
}  // namespace outbox::test
