// SPDX-License-Identifier: Apache-2.0
#include "core/breaker.h"
#include "core/shared_state.h"
#include "core/topic_gates.h"
#include "core_fixture.h"
#include "fakes/recording_observer.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr TimePoint kBegin{seconds(1'000)};
constexpr auto kClosed = BreakerState::kClosed;
constexpr auto kOpen = BreakerState::kOpen;
constexpr auto kHalfOpen = BreakerState::kHalfOpen;

Breaker Opened() {
  Breaker breaker(1);
  breaker.OnBatch(false, true, "timeout", kBegin);
  return breaker;
}

Breaker HalfOpened() {
  Breaker breaker = Opened();
  breaker.OnProbe(true, kBegin + seconds(1));
  return breaker;
}

TEST_CASE("a breaker opens after so many outages in a row", "[breaker]") {
  Breaker breaker(3);
  breaker.OnBatch(false, true, "timeout", kBegin);
  breaker.OnBatch(false, true, "timeout", kBegin);
  breaker.OnBatch(true, true, "timeout", kBegin);  // something was persisted
  breaker.OnBatch(false, true, "timeout", kBegin);
  breaker.OnBatch(false, false, "refused", kBegin);  // no outage, and no persistence
  breaker.OnBatch(false, true, "timeout", kBegin);
  CHECK(breaker.state() == kClosed);
  CHECK(breaker.Admit());
  breaker.OnBatch(false, true, "the last", kBegin);
  CHECK(breaker.state() == kOpen);
  CHECK(breaker.why() == "the last");
  CHECK(breaker.since() == kBegin);
  CHECK_FALSE(breaker.Admit());
}

TEST_CASE("a breaker opens at once when the login is refused", "[breaker]") {
  Breaker breaker(3);
  breaker.OnAuthenticationFailed("no", kBegin);
  CHECK(breaker.state() == kOpen);
}

TEST_CASE("a breaker opens when no broker was connected for a while", "[breaker]") {
  Breaker breaker(3);
  breaker.OnBrokersDown(kBegin, "", kBegin + Breaker::kDownAfter - milliseconds(1));
  CHECK(breaker.state() == kClosed);
  breaker.OnBrokersDown(kBegin, "the login was refused", kBegin + Breaker::kDownAfter);
  CHECK(breaker.state() == kOpen);
  CHECK(breaker.why() == "no broker is connected: the login was refused");
}

TEST_CASE("an open breaker is probed every second until one is answered", "[breaker]") {
  Breaker breaker = Opened();
  CHECK_FALSE(breaker.ProbeDue(kBegin + milliseconds(999)));
  CHECK(breaker.ProbeDue(kBegin + seconds(1)));
  breaker.OnProbe(false, kBegin + seconds(1));
  CHECK(breaker.state() == kOpen);
  CHECK_FALSE(breaker.ProbeDue(kBegin + milliseconds(1'999)));
  breaker.OnProbe(true, kBegin + seconds(2));
  CHECK(breaker.state() == kHalfOpen);
  CHECK_FALSE(breaker.ProbeDue(kBegin + seconds(60)));
}

TEST_CASE("a closed breaker is not probed, and hears no answer", "[breaker]") {
  Breaker breaker(3);
  CHECK_FALSE(breaker.ProbeDue(kBegin));
  breaker.OnProbe(true, kBegin);
  CHECK(breaker.state() == kClosed);
}

TEST_CASE("a half-open breaker admits one batch at a time", "[breaker]") {
  Breaker breaker = HalfOpened();
  CHECK(breaker.Admit());
  CHECK_FALSE(breaker.Admit());
  breaker.OnUndecided();
  CHECK(breaker.state() == kHalfOpen);
  CHECK(breaker.Admit());
}

TEST_CASE("what ends a half-open breaker", "[breaker]") {
  Breaker persisted = HalfOpened();
  persisted.OnBatch(true, true, "", kBegin);
  CHECK(persisted.state() == kClosed);
  Breaker nothing_due = HalfOpened();
  nothing_due.OnNothingDue(kBegin);
  CHECK(nothing_due.state() == kClosed);
  Breaker outage = HalfOpened();
  outage.OnBatch(false, true, "again", kBegin);
  CHECK(outage.state() == kOpen);
  Breaker refused = HalfOpened();
  refused.OnBatch(false, false, "refused", kBegin);
  CHECK(refused.state() == kHalfOpen);
  CHECK(refused.Admit());
}

TEST_CASE("nothing due does not close an open breaker", "[breaker]") {
  Breaker breaker = Opened();
  breaker.OnNothingDue(kBegin);
  CHECK(breaker.state() == kOpen);
}

using Strings = std::vector<std::string>;

// A paused topic whose trial has been taken.
TopicGates OnTrial() {
  TopicGates gates;
  gates.Pause("t", TopicPause::kSuspected, "silent", 7, kBegin);
  gates.TakeProbe(kBegin + TopicGates::kFirstPause);
  gates.OnProbe("t", true, kBegin + TopicGates::kFirstPause);
  gates.TakeTrial(kBegin + TopicGates::kFirstPause);
  return gates;
}

TEST_CASE("a topic is paused once, probed after its pause, tried in its lane, and usable again", "[gates]") {
  TopicGates gates;
  CHECK(gates.Pause("t", TopicPause::kSuspected, "silent", 7, kBegin));
  CHECK_FALSE(gates.Pause("t", TopicPause::kSuspected, "silent", 9, kBegin));
  CHECK(gates.held() == Strings{"t"});
  CHECK(gates.paused_count(TopicPause::kSuspected) == 1);
  CHECK(gates.paused_count(TopicPause::kUnknownTopic) == 0);
  CHECK_FALSE(gates.TakeTrial(kBegin + seconds(60)));
  CHECK_FALSE(gates.TakeProbe(kBegin + TopicGates::kFirstPause - milliseconds(1)));
  CHECK(gates.TakeProbe(kBegin + TopicGates::kFirstPause) == "t");
  CHECK_FALSE(gates.TakeProbe(kBegin + TopicGates::kFirstPause));  // one prober
  gates.OnProbe("t", true, kBegin + TopicGates::kFirstPause);
  const auto trial = gates.TakeTrial(kBegin + TopicGates::kFirstPause);
  REQUIRE(trial);
  CHECK(trial->topic == "t");
  CHECK(trial->lane == 7);
  CHECK_FALSE(gates.TakeTrial(kBegin + seconds(60)));
  CHECK(gates.OnTrial("t", true, kBegin));
  CHECK_FALSE(gates.paused("t"));
  CHECK(gates.held().empty());
}

TEST_CASE("a topic's pauses grow to their longest", "[gates]") {
  TopicGates gates;
  gates.Pause("t", TopicPause::kUnknownTopic, "", 0, kBegin);
  TimePoint now = kBegin;
  milliseconds pause = TopicGates::kFirstPause;
  for (int i = 0; i < 8; ++i) {
    CHECK_FALSE(gates.TakeProbe(now + pause - milliseconds(1)));
    now += pause;
    CHECK(gates.TakeProbe(now) == "t");
    gates.OnProbe("t", false, now);
    // From then on it is tried all the same: perhaps nothing of it is left.
    const bool tried = gates.TakeTrial(now).has_value();
    CHECK(tried == (pause == TopicGates::kLongestPause));
    if (tried) CHECK_FALSE(gates.OnTrial("t", false, now));
    pause = std::min(pause * 2, TopicGates::kLongestPause);
  }
  CHECK(pause == TopicGates::kLongestPause);
}

TEST_CASE("a topic of which nothing is left to try is forgotten", "[gates]") {
  TopicGates gates;
  gates.Pause("t", TopicPause::kUnknownTopic, "", 0, kBegin);
  TimePoint now = kBegin;
  for (int i = 0; i < 6; ++i) {
    now += TopicGates::kLongestPause;
    if (gates.TakeProbe(now)) gates.OnProbe("t", false, now);
  }
  REQUIRE(gates.TakeTrial(now));
  CHECK(gates.OnTrial("t", true, now));
  CHECK(gates.held().empty());
}

TEST_CASE("a trial that fails pauses the topic again, longer", "[gates]") {
  TopicGates gates = OnTrial();
  CHECK_FALSE(gates.OnTrial("t", false, kBegin));
  CHECK(gates.held() == Strings{"t"});
  CHECK_FALSE(gates.TakeProbe(kBegin + TopicGates::kFirstPause));
  CHECK(gates.TakeProbe(kBegin + 2 * TopicGates::kFirstPause) == "t");
}

TEST_CASE("a trial that could not be made is due again a little later", "[gates]") {
  TopicGates gates = OnTrial();
  gates.PostponeTrial("t", kBegin + seconds(2));
  CHECK(gates.held() == Strings{"t"});
  CHECK_FALSE(gates.TakeTrial(kBegin + seconds(2) + TopicGates::kTrialAgain - milliseconds(1)));
  CHECK(gates.TakeTrial(kBegin + seconds(2) + TopicGates::kTrialAgain));
}

TEST_CASE("bad news during a trial ends it", "[gates]") {
  TopicGates gates = OnTrial();
  CHECK_FALSE(gates.Pause("t", TopicPause::kUnknownTopic, "gone", 0, kBegin));
  CHECK_FALSE(gates.OnTrial("t", true, kBegin));
  CHECK(gates.held() == Strings{"t"});
  CHECK(gates.paused_count(TopicPause::kUnknownTopic) == 1);
}

TEST_CASE("a topic goes alone after three generations within a minute, for five minutes", "[gates]") {
  TopicGates gates;
  gates.OnGenerationLost("t", kBegin);
  gates.OnGenerationLost("t", kBegin + milliseconds(50));  // the same loss, of another worker
  gates.OnGenerationLost("t", kBegin + seconds(10));
  CHECK_FALSE(gates.any_alone(kBegin + seconds(10)));
  const TimePoint third = kBegin + seconds(60);
  gates.OnGenerationLost("t", third);
  CHECK(gates.alone("t", third));
  CHECK_FALSE(gates.alone("u", third));
  CHECK(gates.any_alone(third + TopicGates::kAloneFor - milliseconds(1)));
  CHECK_FALSE(gates.any_alone(third + TopicGates::kAloneFor));
}

TEST_CASE("three generations in more than a minute leave a topic as it is", "[gates]") {
  TopicGates gates;
  for (int i = 0; i < 10; ++i) gates.OnGenerationLost("t", kBegin + i * seconds(31));
  CHECK_FALSE(gates.any_alone(kBegin + 9 * seconds(31)));
}

using Care = SharedState::Care;

struct State {
  RecordingObserver observer;
  SharedState shared{observer, 1};
  std::vector<Message> messages = {MakeMessage(1, "t", "a"), MakeMessage(2, "t", "b"),
                                   MakeMessage(3, "u", "c")};
};

TEST_CASE("nobody needs care until somebody does", "[shared]") {
  State state;
  CHECK(state.shared.CareFor(state.messages, kBegin).empty());
  state.messages[1].retrying = true;
  CHECK(state.shared.CareFor(state.messages, kBegin) == std::vector{Care::kNone, Care::kAlone, Care::kNone});
  state.messages[1].retrying = false;
  state.messages[2].oversize = 5;
  CHECK(state.shared.CareFor(state.messages, kBegin) == std::vector{Care::kNone, Care::kNone, Care::kAlone});
}

TEST_CASE("suspects go alone until they are settled", "[shared]") {
  State state;
  state.shared.AddSuspect(state.messages[0]);
  CHECK(state.shared.CareFor(state.messages, kBegin) == std::vector{Care::kAlone, Care::kNone, Care::kNone});
  const std::vector<Outcome> waiting = {Outcome::kWait, Outcome::kSent, Outcome::kSent};
  state.shared.Settled(state.messages, waiting);
  CHECK_FALSE(state.shared.CareFor(state.messages, kBegin).empty());
  const std::vector<Outcome> settled = {Outcome::kRetry, Outcome::kSent, Outcome::kSent};
  state.shared.Settled(state.messages, settled);
  CHECK(state.shared.CareFor(state.messages, kBegin).empty());
}

TEST_CASE("what was persisted is only settled, though it is a suspect or a retry", "[shared]") {
  State state;
  state.messages[0].retrying = true;
  state.shared.AddSuspect(state.messages[0]);
  const std::vector<Outcome> outcomes = {Outcome::kSent, Outcome::kWait, Outcome::kFailed};
  state.shared.RememberPersisted(state.messages, outcomes);
  CHECK(state.shared.CareFor(state.messages, kBegin) ==
        std::vector{Care::kSettleOnly, Care::kNone, Care::kNone});
  state.messages[0].message_id = "another message of that id";
  CHECK(state.shared.CareFor(state.messages, kBegin)[0] == Care::kAlone);
}

TEST_CASE("topics that cost generations go alone", "[shared]") {
  State state;
  for (int i = 0; i < 3; ++i) state.shared.OnGenerationLost("t", kBegin + i * seconds(1));
  CHECK(state.shared.CareFor(state.messages, kBegin + seconds(3)) ==
        std::vector{Care::kAlone, Care::kAlone, Care::kNone});
}

TEST_CASE("each change is told once", "[shared]") {
  State state;
  state.shared.OnBatch(false, true, "timeout", kBegin);
  state.shared.OnBatch(false, true, "timeout", kBegin);
  CHECK(state.shared.BreakerProbeDue(kBegin + seconds(1)));
  state.shared.OnBreakerProbe(true, kBegin + seconds(1));
  CHECK(state.shared.Admit());
  state.shared.OnNothingDue(kBegin);
  CHECK(state.observer.story().breaker == std::vector{kOpen, kHalfOpen, kClosed});
  state.shared.PauseTopic("t", TopicPause::kSuspected, "silent", 0, kBegin);
  state.shared.PauseTopic("t", TopicPause::kUnknownTopic, "gone", 0, kBegin);
  CHECK(state.observer.story().paused == Strings{"t"});
  CHECK(state.shared.TakeTopicProbe(kBegin + seconds(60)) == "t");
  state.shared.OnTopicProbe("t", true, kBegin + seconds(60));
  CHECK(state.shared.TakeTrial(kBegin + seconds(60)));
  state.shared.OnTrial("t", true, kBegin + seconds(60));
  CHECK(state.observer.story().resumed == Strings{"t"});
}

TEST_CASE("something was persisted since a moment, or not", "[shared]") {
  State state;
  CHECK_FALSE(state.shared.AnythingPersistedSince(kBegin));
  state.shared.OnPersisted(kBegin + seconds(1));
  CHECK(state.shared.AnythingPersistedSince(kBegin));
  CHECK_FALSE(state.shared.AnythingPersistedSince(kBegin + seconds(1)));
}

}  // namespace
}  // namespace outbox::test
