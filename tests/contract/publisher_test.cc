// SPDX-License-Identifier: Apache-2.0
//
// What every Publisher keeps to. Each test runs on the scripted one and on the one for Kafka.
#include "outbox/publisher.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/scripted_publisher.h"
#include "kafka/kafka_publisher.h"
#include "support/catch.h"
#include "support/mock_cluster.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kLong{20'000};
constexpr Report kRefusal{.kind = ReportKind::kRefused, .reason = Reason::kPolicy};

TimePoint Late() { return Clock::now() + kLong; }

// A publisher with a broker that can be told to misbehave.
class Bench {
 public:
  virtual ~Bench() = default;
  virtual const char* name() const = 0;
  virtual Publisher& publisher() = 0;
  virtual void RefuseNextRequest() = 0;  // the messages of one request
  virtual void Hold() = 0;               // no reports
  virtual void Release() = 0;
  virtual void LoseTopic(const std::string& topic) = 0;  // before its first use
};

class ScriptedBench final : public Bench {
 public:
  const char* name() const override { return "scripted"; }
  Publisher& publisher() override { return publisher_; }
  void RefuseNextRequest() override {
    publisher_.OnPublish([this](const Published& message) {
      publisher_.OnPublish(nullptr);
      publisher_.AnswerId(message.id, kRefusal);
    });
  }
  void Hold() override { publisher_.Hold(); }
  void Release() override { publisher_.Release(); }
  void LoseTopic(const std::string& topic) override { publisher_.SetTopic(topic, TopicState::kUnknown); }

 private:
  ScriptedPublisher publisher_;
};

class KafkaBench final : public Bench {
 public:
  KafkaBench() {
    cluster_.CreateTopic("t", 1);
    KafkaPublisherOptions options;
    options.outbox_name = "contract";
    options.kafka.brokers = {cluster_.bootstrap()};
    publisher_ = std::make_unique<KafkaPublisher>(options, KafkaEvents{});
  }
  const char* name() const override { return "kafka"; }
  Publisher& publisher() override { return *publisher_; }
  void RefuseNextRequest() override { cluster_.PushErrors(0, {RD_KAFKA_RESP_ERR_POLICY_VIOLATION}); }
  void Hold() override { cluster_.SetRoundTrip(seconds(30)); }
  void Release() override {
    cluster_.SetRoundTrip(milliseconds(0));
    // What the broker put off already stays put off: a cut connection makes the client ask again.
    cluster_.SetDown();
    cluster_.SetUp();
  }
  void LoseTopic(const std::string& topic) override {
    cluster_.CreateTopic(topic, 1);
    cluster_.SetTopicError(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }

 private:
  MockCluster cluster_;
  std::unique_ptr<KafkaPublisher> publisher_;
};

void ForEach(const std::function<void(Bench&)>& test) {
  for (const bool scripted : {true, false}) {
    std::unique_ptr<Bench> bench;
    if (scripted) {
      bench = std::make_unique<ScriptedBench>();
    } else {
      bench = std::make_unique<KafkaBench>();
    }
    INFO(bench->name());
    REQUIRE(bench->publisher().CheckTopic("t", kLong) == TopicState::kUsable);
    test(*bench);
  }
}

std::unique_ptr<Delivery> Open(Publisher& publisher, std::size_t size,
                               std::shared_ptr<const void> memory = nullptr) {
  std::unique_ptr<Delivery> delivery;
  WaitFor([&] { return (delivery = publisher.Open(size, memory)) != nullptr; });
  REQUIRE(delivery != nullptr);
  return delivery;
}

Message Make(std::size_t index) {
  Message message;
  message.id = static_cast<std::int64_t>(index) + 1;
  message.message_id = "0b0e0b5e-0000-4000-8000-000000000000";
  message.topic = "t";
  message.key = "k";
  message.payload = "payload";
  return message;
}

void AwaitReports(Delivery& delivery) {
  const TimePoint until = Late();
  while (delivery.unreported() > 0 && Clock::now() < until) delivery.Wait(until);
  REQUIRE(delivery.unreported() == 0);
}

// Publishes one message and waits for its report.
const Report& Send(Delivery& delivery, std::size_t index, Road road) {
  REQUIRE(delivery.Publish(Make(index), index, road) == HandOver::kAccepted);
  AwaitReports(delivery);
  return delivery.report(index);
}

TEST_CASE("every message that was handed over gets its report", "[contract]") {
  ForEach([](Bench& bench) {
    constexpr std::size_t kSize = 500;
    const auto delivery = Open(bench.publisher(), kSize + 1);
    for (std::size_t i = 0; i < kSize; ++i) {
      REQUIRE(delivery->Publish(Make(i), i, i % 50 == 0 ? Road::kAlone : Road::kMain) == HandOver::kAccepted);
    }
    AwaitReports(*delivery);
    for (std::size_t i = 0; i < kSize; ++i) REQUIRE(delivery->report(i).kind == ReportKind::kPersisted);
    CHECK(delivery->report(kSize).kind == ReportKind::kNone);
    CHECK_FALSE(delivery->ended());
  });
}

TEST_CASE("a wait without reports ends at its time", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 1);
    bench.Hold();
    REQUIRE(delivery->Publish(Make(0), 0, Road::kMain) == HandOver::kAccepted);
    const TimePoint until = Clock::now() + milliseconds(20);
    delivery->Wait(until);
    CHECK(Clock::now() >= until);
    CHECK(delivery->unreported() == 1);
    CHECK(delivery->report(0).kind == ReportKind::kNone);
    bench.Release();
    AwaitReports(*delivery);
    CHECK(delivery->report(0).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("giving up ends the generation for everybody and reports what is unreported", "[contract]") {
  ForEach([](Bench& bench) {
    const auto mine = Open(bench.publisher(), 10);
    const auto other = Open(bench.publisher(), 10);
    bench.Hold();
    for (std::size_t i = 0; i < 5; ++i) {
      REQUIRE(mine->Publish(Make(i), i, Road::kMain) == HandOver::kAccepted);
      REQUIRE(other->Publish(Make(i), i, Road::kMain) == HandOver::kAccepted);
    }
    mine->GiveUp(GiveUpReason::kDeadline);
    for (auto* delivery : {mine.get(), other.get()}) {
      AwaitReports(*delivery);
      CHECK(delivery->ended());
      CHECK(delivery->Publish(Make(5), 5, Road::kMain) == HandOver::kEnded);
      for (std::size_t i = 0; i < 5; ++i) CHECK(delivery->report(i).kind == ReportKind::kOutage);
    }
    bench.Release();
    CHECK(Send(*Open(bench.publisher(), 1), 0, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("giving up what went alone leaves the main road as it is", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 3);
    bench.Hold();
    REQUIRE(delivery->Publish(Make(0), 0, Road::kAlone) == HandOver::kAccepted);
    delivery->GiveUp(GiveUpReason::kShutdown);
    AwaitReports(*delivery);
    CHECK(delivery->report(0).kind == ReportKind::kOutage);
    CHECK(delivery->Publish(Make(1), 1, Road::kAlone) == HandOver::kEnded);
    CHECK_FALSE(delivery->ended());
    bench.Release();
    CHECK(Send(*delivery, 2, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("giving up with nothing unreported does nothing", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 2);
    CHECK(Send(*delivery, 0, Road::kMain).kind == ReportKind::kPersisted);
    delivery->GiveUp(GiveUpReason::kDeadline);
    CHECK_FALSE(delivery->ended());
    CHECK(Send(*delivery, 1, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("a worker that waits is woken when somebody else ends its generation", "[contract]") {
  ForEach([](Bench& bench) {
    const auto mine = Open(bench.publisher(), 1);
    const auto other = Open(bench.publisher(), 1);
    bench.Hold();
    REQUIRE(mine->Publish(Make(0), 0, Road::kAlone) == HandOver::kAccepted);
    REQUIRE(other->Publish(Make(0), 0, Road::kMain) == HandOver::kAccepted);
    std::thread ender([&] { other->GiveUp(GiveUpReason::kOther); });
    const TimePoint until = Late();
    mine->Wait(until);
    CHECK(Clock::now() < until);
    ender.join();
    CHECK(mine->ended());
    mine->GiveUp(GiveUpReason::kOther);
    AwaitReports(*mine);
    bench.Release();
  });
}

TEST_CASE("a refusal ends the main generation and nothing later is handed over", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 3);
    CHECK(Send(*delivery, 0, Road::kMain).kind == ReportKind::kPersisted);
    bench.RefuseNextRequest();
    CHECK(Send(*delivery, 1, Road::kMain).kind == ReportKind::kRefused);
    CHECK(delivery->ended());
    CHECK(delivery->Publish(Make(2), 2, Road::kMain) == HandOver::kEnded);
    CHECK(Send(*Open(bench.publisher(), 1), 0, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("a refusal of a message that went alone concerns that message only", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 4);
    CHECK(Send(*delivery, 0, Road::kAlone).kind == ReportKind::kPersisted);
    bench.RefuseNextRequest();
    const Report& report = Send(*delivery, 1, Road::kAlone);
    CHECK(report.kind == ReportKind::kRefused);
    CHECK(report.reason == Reason::kPolicy);
    CHECK_FALSE(bench.publisher().Describe(report).empty());
    CHECK(Send(*delivery, 2, Road::kAlone).kind == ReportKind::kPersisted);
    CHECK(Send(*delivery, 3, Road::kMain).kind == ReportKind::kPersisted);
    CHECK_FALSE(delivery->ended());
  });
}

TEST_CASE("each report of a message that went alone ends a wait", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 2);
    CHECK(Send(*delivery, 0, Road::kAlone).kind == ReportKind::kPersisted);
    bench.Hold();
    REQUIRE(delivery->Publish(Make(1), 1, Road::kMain) == HandOver::kAccepted);
    delivery->Wait(Clock::now() + milliseconds(20));  // the news of the first one
    std::thread broker([&] { bench.Release(); });
    AwaitReports(*delivery);
    broker.join();
  });
}

TEST_CASE("a payload that was not fetched is too large, and the generation goes on", "[contract]") {
  ForEach([](Bench& bench) {
    const auto delivery = Open(bench.publisher(), 2);
    Message message = Make(0);
    message.payload.reset();
    message.oversize = 2'000'000;
    REQUIRE(delivery->Publish(message, 0, Road::kMain) == HandOver::kAccepted);
    CHECK(delivery->report(0).kind == ReportKind::kRefused);
    CHECK(delivery->report(0).reason == Reason::kTooLarge);
    CHECK(delivery->unreported() == 0);
    CHECK(Send(*delivery, 1, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("the memory of a delivery is held while the client may read it, and no longer", "[contract]") {
  ForEach([](Bench& bench) {
    auto memory = std::make_shared<std::string>("bytes");
    const std::weak_ptr<std::string> watch = memory;
    auto delivery = Open(bench.publisher(), 1, std::move(memory));
    CHECK(Send(*delivery, 0, Road::kMain).kind == ReportKind::kPersisted);
    CHECK_FALSE(watch.expired());
    delivery.reset();
    CHECK(WaitFor([&] { return watch.expired(); }));
  });
}

TEST_CASE("a delivery that ends with unreported messages gives its generation up", "[contract]") {
  ForEach([](Bench& bench) {
    auto memory = std::make_shared<std::string>("payload");
    const std::weak_ptr<std::string> watch = memory;
    const auto other = Open(bench.publisher(), 1);
    auto delivery = Open(bench.publisher(), 1, memory);
    bench.Hold();
    Message message = Make(0);
    message.payload = *memory;
    memory.reset();
    REQUIRE(delivery->Publish(message, 0, Road::kMain) == HandOver::kAccepted);
    delivery.reset();
    CHECK(other->ended());
    CHECK(WaitFor([&] { return watch.expired(); }));
    bench.Release();
  });
}

TEST_CASE("a delivery that ends with everything reported gives up nothing", "[contract]") {
  ForEach([](Bench& bench) {
    const auto other = Open(bench.publisher(), 1);
    CHECK(Send(*Open(bench.publisher(), 1), 0, Road::kMain).kind == ReportKind::kPersisted);
    CHECK_FALSE(other->ended());
    CHECK(Send(*other, 0, Road::kMain).kind == ReportKind::kPersisted);
  });
}

TEST_CASE("a topic is known or not, and the broker answers", "[contract]") {
  ForEach([](Bench& bench) {
    bench.LoseTopic("lost");
    CHECK(bench.publisher().CheckTopic("lost", kLong) == TopicState::kUnknown);
    CHECK(bench.publisher().ProbeTopic("lost", kLong) == TopicState::kUnknown);
    CHECK(bench.publisher().ProbeTopic("t", kLong) == TopicState::kUsable);
    CHECK(bench.publisher().Probe(kLong));
    CHECK(bench.publisher().Health().ever_connected);
    CHECK_FALSE(bench.publisher().Health().all_down_since);
    CHECK_FALSE(bench.publisher().Health().cannot_continue);
  });
}

}  // namespace
}  // namespace outbox::test
