// SPDX-License-Identifier: Apache-2.0
#include "core/dispatch.h"
#include "core_fixture.h"
#include "fakes/recording_observer.h"
#include "fakes/scripted_publisher.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;
constexpr auto kSent = Outcome::kSent;
constexpr auto kWait = Outcome::kWait;
constexpr auto kRetry = Outcome::kRetry;
constexpr auto kFailed = Outcome::kFailed;
using Outcomes = std::vector<Outcome>;

// Finds one message too large before the broker sees it, as the client does; nothing ends by that.
class SizeCheck final : public Delivery {
 public:
  SizeCheck(std::unique_ptr<Delivery> inner, std::optional<std::int64_t> too_large)
      : inner_(std::move(inner)), too_large_(too_large) {}
  HandOver Publish(const Message& message, std::size_t index, Road road) override {
    if (message.id != too_large_) return inner_->Publish(message, index, road);
    refused_ = index;
    return HandOver::kAccepted;
  }
  const Report& report(std::size_t index) const override {
    return refused_ == index ? kTooLarge : inner_->report(index);
  }
  std::size_t unreported() const override { return inner_->unreported(); }
  void Wait(TimePoint until) override { inner_->Wait(until); }
  bool ended() const override { return inner_->ended(); }
  bool Established(std::string_view topic) const override { return inner_->Established(topic); }
  void GiveUp(GiveUpReason reason) override { inner_->GiveUp(reason); }

 private:
  const std::unique_ptr<Delivery> inner_;
  const std::optional<std::int64_t> too_large_;
  std::optional<std::size_t> refused_;
};

// A relay's shared state and a broker, for one dispatch after the other.
struct Scene {
  StepClock clock;
  const Environment env = clock.environment();
  RecordingObserver observer;
  SharedState shared{observer, 3};
  ScriptedPublisher broker;

  std::vector<Message> messages;
  OnFailed on_failed = OnFailed::kSkip;
  bool trial = false;
  milliseconds claimed_ago{0};
  std::optional<TimePoint> stop_by;
  std::optional<std::int64_t> too_large;  // by the client's own check

  // What the last dispatch came to.
  Settlement settlement;
  bool outage = false;
  bool persisted = false;

  void Run() {
    SizeCheck delivery(broker.Open(messages.size(), nullptr), too_large);
    const TimePoint claimed = clock.now() - claimed_ago;
    Dispatch dispatch({.messages = messages,
                       .deadline = claimed + seconds(30),
                       .on_failed = on_failed,
                       .retry = {},
                       .trial = trial,
                       .stop_by = [this] { return stop_by.value_or(TimePoint::max()); }},
                      delivery, broker, shared, env);
    dispatch.Run();
    settlement = dispatch.settlement();
    outage = dispatch.outage();
    persisted = dispatch.persisted();
    CHECK(dispatch.reports().size() == messages.size());
  }
  void Run(std::vector<Message> batch) {
    messages = std::move(batch);
    Run();
  }
  IdList HandedOver(std::optional<Road> road = std::nullopt) const {
    IdList ids;
    for (const auto& published : broker.handed_over()) {
      if (!road || published.road == *road) ids.push_back(published.id);
    }
    return ids;
  }
};

// Three messages of one unit.
std::vector<Message> Unit3() {
  return {MakeMessage(1, "t", "k"), MakeMessage(2, "t", "k"), MakeMessage(3, "t", "k")};
}

TEST_CASE("what the broker persisted is sent, and nothing else is said about it", "[dispatch]") {
  Scene scene;
  scene.Run({MakeMessage(1, "t", "k"), MakeMessage(2, "u", "k"), MakeMessage(3, "t", std::nullopt)});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
  CHECK(scene.settlement.refusals.empty());
  CHECK(scene.HandedOver(Road::kMain) == IdList{1, 2, 3});
  CHECK(scene.persisted);
  CHECK_FALSE(scene.outage);
  CHECK(scene.broker.asked() == std::vector<std::string>{"t", "u"});
  CHECK(scene.shared.AnythingPersistedSince(TimePoint(seconds(1))));
}

TEST_CASE("a refusal in company is not charged, and nothing after it goes out", "[dispatch]") {
  Scene scene;
  scene.broker.AnswerId(2, kRefusal);
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kWait, kWait});
  CHECK(scene.settlement.refusals.empty());
  CHECK(scene.HandedOver() == IdList{1, 2});
  CHECK_FALSE(scene.outage);
}

TEST_CASE("what was refused in company goes alone next time, and is charged then", "[dispatch]") {
  Scene scene;
  scene.broker.AnswerId(2, kRefusal, 2);
  scene.Run(Unit3());
  scene.Run({MakeMessage(2, "t", "k"), MakeMessage(3, "t", "k"), MakeMessage(4, "t", "other")});
  CHECK(scene.settlement.outcomes == Outcomes{kRetry, kWait, kSent});
  REQUIRE(scene.settlement.refusals.size() == 1);
  CHECK(scene.settlement.refusals[0].index == 0);
  CHECK(scene.settlement.refusals[0].delay > milliseconds(0));
  CHECK(scene.settlement.refusals[0].error.find("policy: ") == 0);
  CHECK(scene.HandedOver(Road::kAlone) == IdList{2});
}

TEST_CASE("what was refused for a neighbour's sake is sent alone, and its unit goes on", "[dispatch]") {
  Scene scene;
  scene.broker.AnswerId(2, kRefusal);
  scene.Run(Unit3());
  scene.Run({MakeMessage(2, "t", "k"), MakeMessage(3, "t", "k")});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent});
  CHECK(scene.HandedOver() == IdList{1, 2, 2, 3});
  CHECK(scene.HandedOver(Road::kAlone) == IdList{2});
}

TEST_CASE("a message goes alone only when every earlier one of its unit is persisted", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[1].retrying = true;
  scene.broker.Hold();
  IdList before;
  scene.clock.After(milliseconds(500), [&] {
    before = scene.HandedOver();
    scene.broker.Release();
  });
  scene.Run(messages);
  CHECK(before == IdList{1});
  CHECK(scene.HandedOver() == IdList{1, 2, 3});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
}

TEST_CASE("what follows a message that goes alone waits for its report, and goes by the main road",
          "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  scene.broker.Hold();
  IdList before;
  scene.clock.After(milliseconds(500), [&] {
    before = scene.HandedOver();
    scene.broker.Release();
  });
  scene.Run(messages);
  CHECK(before == IdList{1});
  CHECK(scene.HandedOver(Road::kAlone) == IdList{1});
  CHECK(scene.HandedOver(Road::kMain) == IdList{2, 3});
}

TEST_CASE("where the broker does not know the producer yet, a unit sends one message first", "[dispatch]") {
  Scene scene;
  scene.broker.SetEstablished(false);
  auto messages = Unit3();
  messages.push_back(MakeMessage(4, "t", "other"));
  messages.push_back(MakeMessage(5, "t", std::nullopt));
  messages.push_back(MakeMessage(6, "t", std::nullopt));
  scene.broker.Hold();
  IdList before;
  scene.clock.After(milliseconds(500), [&] {
    before = scene.HandedOver();
    scene.broker.Release();
  });
  scene.Run(messages);
  CHECK(before == IdList{1, 4, 5, 6});
  CHECK(scene.HandedOver(Road::kMain) == IdList{1, 4, 5, 6, 2, 3});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent, kSent, kSent, kSent});
}

TEST_CASE("where the broker does not know the producer yet, nothing of a unit follows a refusal",
          "[dispatch]") {
  Scene scene;
  scene.broker.SetEstablished(false);
  scene.broker.AnswerId(1, kRefusal);
  scene.Run(Unit3());
  CHECK(scene.HandedOver() == IdList{1});
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
}

TEST_CASE("nothing of a unit goes out after a report that is not persisted", "[dispatch]") {
  for (const Report report : {kOutage, kRefusal}) {
    Scene scene;
    auto messages = Unit3();
    messages[0].retrying = true;
    messages.push_back(MakeMessage(4, "t", "other"));
    scene.broker.AnswerId(1, report);
    scene.Run(messages);
    CHECK(scene.settlement.outcomes ==
          Outcomes{report.kind == ReportKind::kRefused ? kRetry : kWait, kWait, kWait, kSent});
    CHECK(scene.HandedOver() == IdList{4, 1});
    CHECK(scene.outage == (report.kind == ReportKind::kOutage));
  }
}

TEST_CASE("nothing of a unit goes alone after an earlier one that the main road lost", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[1].retrying = true;
  scene.broker.AnswerId(1, kOutage);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK(scene.HandedOver() == IdList{1});
}

TEST_CASE("where no room is ever found the hand-over ends with the deadline", "[dispatch]") {
  Scene scene;
  scene.broker.SetQueueLimit(0);
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK(scene.HandedOver().empty());
}

TEST_CASE("what the client itself refuses ends its unit only", "[dispatch]") {
  for (const bool behind_goes_alone : {false, true}) {
    Scene scene;
    auto messages = Unit3();
    messages[1].retrying = messages[2].retrying = behind_goes_alone;
    messages.push_back(MakeMessage(4, "t", "other"));
    scene.too_large = 1;
    scene.Run(messages);
    CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait, kSent});
    CHECK(scene.HandedOver() == IdList{4});
    const auto care = scene.shared.CareFor(messages, scene.clock.now());
    REQUIRE(care.size() == messages.size());
    CHECK(care[0] == SharedState::Care::kAlone);
  }
}

TEST_CASE("once the main generation has ended nothing goes alone either", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  messages.push_back(MakeMessage(4, "t", "other"));
  scene.broker.AnswerId(4, kOutage);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait, kWait});
  CHECK(scene.HandedOver() == IdList{4});
}

TEST_CASE("messages without a key hold one another in nothing", "[dispatch]") {
  Scene scene;
  std::vector<Message> messages = {MakeMessage(1, "t", std::nullopt), MakeMessage(2, "t", std::nullopt)};
  messages[0].retrying = messages[1].retrying = true;
  scene.broker.AnswerId(1, kRefusal);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kRetry, kSent});
}

// Each of a unit of its own, and more than may be on their way alone.
std::vector<Message> ManyRetries() {
  static constexpr std::string_view kKeys = "abcdefghijklmnopqrst";
  std::vector<Message> messages;
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    messages.push_back(MakeMessage(static_cast<std::int64_t>(i), "t", kKeys.substr(i, 1)));
    messages.back().retrying = true;
  }
  return messages;
}

TEST_CASE("at most so many messages are alone on their way", "[dispatch]") {
  Scene scene;
  const std::vector<Message> messages = ManyRetries();
  scene.broker.Hold();
  std::size_t before = 0;
  scene.clock.After(milliseconds(500), [&] {
    before = scene.HandedOver().size();
    scene.broker.Release();
  });
  scene.Run(messages);
  CHECK(before == Dispatch::kMostAlone);
  CHECK(scene.HandedOver().size() == messages.size());
}

TEST_CASE("what would go alone a second after the first waits for the next claim", "[dispatch]") {
  Scene scene;
  const std::vector<Message> messages = ManyRetries();
  scene.broker.Hold();
  scene.clock.After(Dispatch::kAloneFor + milliseconds(1), [&] { scene.broker.Release(); });
  scene.Run(messages);
  CHECK(scene.HandedOver().size() == Dispatch::kMostAlone);
  CHECK(std::count(scene.settlement.outcomes.begin(), scene.settlement.outcomes.end(), kSent) ==
        Dispatch::kMostAlone);
}

// Else a database whose claims take so long would never see a retry go out.
TEST_CASE("a claim that took long leaves what goes alone its second", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  scene.claimed_ago = 5 * Dispatch::kAloneFor;
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
}

TEST_CASE("a payload that is too large fails at once, and its unit goes on unless failures block",
          "[dispatch]") {
  for (const OnFailed on_failed : {OnFailed::kSkip, OnFailed::kBlock}) {
    Scene scene;
    scene.on_failed = on_failed;
    auto messages = Unit3();
    messages[1].payload.reset();
    messages[1].oversize = 2'000'000;
    scene.Run(messages);
    const bool skips = on_failed == OnFailed::kSkip;
    CHECK(scene.settlement.outcomes == Outcomes{kSent, kFailed, skips ? kSent : kWait});
    REQUIRE(scene.settlement.refusals.size() == 1);
    CHECK(scene.settlement.refusals[0].error.find("too_large: ") == 0);
    CHECK(scene.HandedOver() == (skips ? IdList{1, 3} : IdList{1}));
    CHECK(scene.broker.given_up().empty());
  }
}

TEST_CASE("a message that the broker finds too large fails when it goes alone", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  scene.broker.AnswerId(1, kTooLarge);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kFailed, kSent, kSent});
}

TEST_CASE("the last attempt fails", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  messages[0].attempts = RetryPolicy().max_attempts - 1;
  scene.on_failed = OnFailed::kBlock;
  scene.broker.AnswerId(1, kRefusal);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kFailed, kWait, kWait});
}

TEST_CASE("refusals are told in the order of the batch, in whichever order they came", "[dispatch]") {
  Scene scene;
  std::vector<Message> messages = {MakeMessage(1, "t", "z"), MakeMessage(2, "t", "z"),
                                   MakeMessage(3, "t", "a")};
  for (Message& message : messages) message.retrying = true;
  scene.broker.AnswerId(2, kRefusal);
  scene.broker.AnswerId(3, kRefusal);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kRetry, kRetry});
  REQUIRE(scene.settlement.refusals.size() == 2);
  CHECK(scene.settlement.refusals[0].index == 1);
  CHECK(scene.settlement.refusals[1].index == 2);
}

TEST_CASE("a topic that cannot be written to pauses only itself", "[dispatch]") {
  for (const TopicState state : {TopicState::kUnknown, TopicState::kUnauthorized}) {
    Scene scene;
    scene.broker.SetTopic("sick", state);
    scene.Run({MakeMessage(1, "sick", "k"), MakeMessage(2, "t", "k"), MakeMessage(3, "sick", "k")});
    CHECK(scene.settlement.outcomes == Outcomes{kWait, kSent, kWait});
    CHECK(scene.HandedOver() == IdList{2});
    CHECK(scene.shared.held_topics() == std::vector<std::string>{"sick"});
    CHECK(scene.broker.asked() == std::vector<std::string>{"sick", "t"});
  }
}

TEST_CASE("a topic without a leader, or a broker that does not answer, pauses nothing", "[dispatch]") {
  for (const TopicState state : {TopicState::kNoLeader, TopicState::kUnreachable}) {
    Scene scene;
    scene.broker.SetTopic("t", state);
    scene.Run(Unit3());
    CHECK(scene.HandedOver() == IdList{1, 2, 3});
    CHECK(scene.shared.held_topics().empty());
  }
}

TEST_CASE("a topic that vanishes under way is paused, and nobody is charged", "[dispatch]") {
  for (const ReportKind kind : {ReportKind::kTopicUnknown, ReportKind::kTopicUnauthorized}) {
    Scene scene;
    scene.broker.AnswerTopic("sick", {.kind = kind, .reason = Reason::kTopic});
    scene.Run({MakeMessage(1, "t", "k"), MakeMessage(2, "sick", "k")});
    CHECK(scene.settlement.outcomes == Outcomes{kSent, kWait});
    CHECK(scene.settlement.refusals.empty());
    CHECK(scene.shared.held_topics() == std::vector<std::string>{"sick"});
  }
}

TEST_CASE("at its deadline a batch is given up, and nothing is charged", "[dispatch]") {
  Scene scene;
  scene.broker.Hold();
  scene.broker.SetReachable(false);
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK(scene.settlement.refusals.empty());
  CHECK(scene.broker.given_up() == std::vector{GiveUpReason::kDeadline});
  CHECK(scene.outage);
  CHECK(scene.shared.held_topics().empty());  // nobody else was served either
}

TEST_CASE("a topic that is silent while others are served is suspected before the deadline", "[dispatch]") {
  Scene scene;
  const TimePoint begin = scene.clock.now();
  scene.broker.Hold();
  scene.clock.After(milliseconds(200), [&] { scene.shared.OnPersisted(scene.clock.now()); });
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK(scene.shared.held_topics() == std::vector<std::string>{"t"});
  CHECK(scene.broker.given_up() == std::vector{GiveUpReason::kDeadline});
  CHECK(scene.clock.now() - begin > Dispatch::kSuspectAfter);
  CHECK(scene.clock.now() - begin < seconds(30));
  CHECK_FALSE(scene.broker.log().size() == 3);
}

TEST_CASE("where nobody is served although a broker answers, every silent topic is suspected, later",
          "[dispatch]") {
  Scene scene;
  const TimePoint begin = scene.clock.now();
  scene.broker.Hold();
  scene.Run({MakeMessage(1, "t", "k"), MakeMessage(2, "sick", "k")});
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait});
  CHECK(scene.shared.held_topics() == std::vector<std::string>{"sick", "t"});
  CHECK(scene.broker.given_up() == std::vector{GiveUpReason::kDeadline});
  CHECK(scene.clock.now() - begin > seconds(10));
  CHECK(scene.clock.now() - begin < seconds(30));
  CHECK_FALSE(scene.outage);
}

TEST_CASE("when every broker falls silent no topic is suspected, whoever was served before", "[dispatch]") {
  Scene scene;
  scene.broker.Hold();
  scene.clock.After(milliseconds(200), [&] {
    scene.shared.OnPersisted(scene.clock.now());
    scene.broker.SetReachable(false);
  });
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK(scene.shared.held_topics().empty());
  CHECK(scene.broker.given_up() == std::vector{GiveUpReason::kDeadline});
  CHECK(scene.outage);
}

TEST_CASE("what is known to be persisted is settled and not sent again", "[dispatch]") {
  Scene scene;
  const auto messages = Unit3();
  const Outcomes outcomes = {kWait, kSent, kWait};
  scene.shared.RememberPersisted(messages, outcomes);
  scene.Run(messages);
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
  CHECK(scene.HandedOver() == IdList{1, 3});
}

TEST_CASE("a full queue makes the hand-over wait, and loses nothing", "[dispatch]") {
  Scene scene;
  scene.broker.Hold();
  scene.broker.SetQueueLimit(1);
  scene.clock.After(milliseconds(50), [&] { scene.broker.Release(); });
  scene.Run(Unit3());
  CHECK(scene.HandedOver() == IdList{1, 2, 3});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
}

TEST_CASE("a full queue does not change the order of what goes alone", "[dispatch]") {
  Scene scene;
  auto messages = Unit3();
  messages[0].retrying = true;
  messages.push_back(MakeMessage(4, "t", "other"));
  scene.broker.Hold();
  scene.broker.SetQueueLimit(1);
  scene.clock.After(milliseconds(50), [&] { scene.broker.Release(); });
  scene.Run(messages);
  CHECK(scene.HandedOver() == IdList{4, 1, 2, 3});
}

TEST_CASE("a queue that stays full until the deadline ends the hand-over", "[dispatch]") {
  Scene scene;
  scene.broker.Hold();
  scene.broker.SetQueueLimit(1);
  scene.Run(Unit3());
  CHECK(scene.HandedOver() == IdList{1});
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
}

TEST_CASE("a generation that somebody else ends takes nothing more, and is no outage", "[dispatch]") {
  Scene scene;
  scene.broker.OnPublish([&](const Published& message) {
    if (message.id == 2) scene.broker.EndGeneration();
  });
  scene.Run(Unit3());
  CHECK(scene.HandedOver() == IdList{1});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kWait, kWait});
  CHECK_FALSE(scene.outage);
}

TEST_CASE("what is purged because somebody else gave up is no outage", "[dispatch]") {
  Scene scene;
  scene.broker.Hold();
  scene.clock.After(milliseconds(200), [&] { scene.broker.EndGeneration(); });
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kWait, kWait, kWait});
  CHECK_FALSE(scene.outage);
}

TEST_CASE("a shutdown settles what is known and gives up the rest", "[dispatch]") {
  Scene scene;
  scene.broker.OnPublish([&](const Published& message) {
    if (message.id == 2) scene.broker.Hold();
  });
  scene.stop_by = scene.clock.now() + milliseconds(500);
  scene.Run(Unit3());
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kWait, kWait});
  CHECK(scene.broker.given_up() == std::vector{GiveUpReason::kShutdown});
  CHECK(scene.clock.now() < *scene.stop_by + seconds(5));
}

TEST_CASE("a refused login opens the breaker at once", "[dispatch]") {
  Scene scene;
  scene.broker.AnswerId(1, {.kind = ReportKind::kOutage, .reason = Reason::kAuthentication});
  scene.Run(Unit3());
  CHECK(scene.shared.breaker() == BreakerState::kOpen);
  CHECK(scene.settlement.refusals.empty());
}

TEST_CASE("a topic that lost three generations goes alone, message by message", "[dispatch]") {
  Scene scene;
  for (std::int64_t id = 1; id <= 3; ++id) {
    CHECK(scene.HandedOver(Road::kAlone).empty());
    scene.broker.AnswerId(id, kRefusal);
    scene.Run({MakeMessage(id, "t", "k")});
    scene.clock.Skip(seconds(1));
  }
  scene.Run({MakeMessage(10, "t", "k"), MakeMessage(11, "t", "k"), MakeMessage(12, "u", "k")});
  CHECK(scene.HandedOver(Road::kAlone) == IdList{10, 11});
  CHECK(scene.settlement.outcomes == Outcomes{kSent, kSent, kSent});
}

TEST_CASE("a trial goes alone, and a silent one ends at its deadline without suspicion", "[dispatch]") {
  Scene scene;
  scene.trial = true;
  scene.Run({MakeMessage(1, "t", "k")});
  CHECK(scene.HandedOver(Road::kAlone) == IdList{1});
  CHECK(scene.persisted);
  scene.broker.Hold();
  scene.Run({MakeMessage(2, "t", "k")});
  CHECK(scene.settlement.outcomes == Outcomes{kWait});
  CHECK_FALSE(scene.persisted);
}

}  // namespace
}  // namespace outbox::test
