// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "core/worker.h"
#include "core_fixture.h"
#include "fakes/in_memory_outbox.h"
#include "fakes/recording_observer.h"
#include "fakes/scripted_publisher.h"
#include "support/catch.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;
using Fault = InMemoryOutbox::Fault;
using Status = InMemoryOutbox::Status;

TimePoint Now() { return std::chrono::steady_clock::now(); }

Tunables Quick() {
  Tunables tunables;
  tunables.retry.backoff = {.initial = milliseconds(5), .max = milliseconds(20)};
  tunables.poll_min = milliseconds(0);
  tunables.poll_max = milliseconds(5);
  return tunables;
}

// Workers between an outbox and a broker in memory.
class Crew {
 public:
  explicit Crew(Tunables tunables = Quick()) : live(tunables) {}
  ~Crew() { Stop(milliseconds(0)); }

  void Start(int count = 1) {
    for (int i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(WorkerContext{.store = outbox,
                                                                .publisher = broker,
                                                                .observer = observer,
                                                                .shared = shared,
                                                                .turn = turn,
                                                                .cadence = cadence,
                                                                .pace = pace,
                                                                .live = live,
                                                                .env = env,
                                                                .drain = drain,
                                                                .deadline = seconds(20),
                                                                .workers = count}));
      threads_.emplace_back([&worker = *workers_.back()] { worker.Run(); });
    }
  }
  void Stop(milliseconds grace) {
    if (!drain.begun()) drain.Begin(Now() + grace);
    turn.Stop();
    threads_.clear();
  }
  bool AwaitSent(std::size_t count) {
    return WaitFor([&] { return outbox.Count(Status::kSent) == count; });
  }
  IdList Logged() const {
    IdList ids;
    for (const auto& published : broker.log()) ids.push_back(published.id);
    return ids;
  }
  const Worker& worker() const { return *workers_.front(); }

  InMemoryOutbox outbox;
  ScriptedPublisher broker;
  RecordingObserver observer;
  SharedState shared{observer, 3};
  LiveSettings live;
  PollTurn turn{milliseconds(0), milliseconds(5)};
  Cadence cadence{CadenceSettings{}};
  Pace pace{PaceSettings{}};
  std::atomic<std::uint64_t> random{0};
  const Environment env{Now, [this] { return random += 0x9e3779b97f4a7c15U; }};
  Drain drain;

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
};

TEST_CASE("a worker sends what is inserted, before and after its start", "[worker]") {
  Crew crew;
  const auto before = crew.outbox.Insert("t", "k", "p");
  crew.Start();
  CHECK(crew.AwaitSent(1));
  const auto after = crew.outbox.Insert("t", "k", "p");
  CHECK(crew.AwaitSent(2));
  CHECK(crew.Logged() == IdList{before, after});
  crew.Stop(seconds(1));
  CHECK(crew.observer.story().in_flight == 0);
  CHECK(crew.worker().progress().step() == Progress::Step::kEnded);
}

TEST_CASE("workers keep the order of each unit, through refusals and lost connections", "[worker]") {
  Crew crew;
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  constexpr int kMessages = 600;
  for (int i = 0; i < kMessages; ++i) {
    const auto id = crew.outbox.Insert("t", "k" + std::to_string(random() % 20), "p");
    if (random() % 40 == 0) crew.broker.AnswerId(id, kRefusal, 3);
    if (random() % 60 == 0) crew.broker.AnswerId(id, kOutage);
  }
  crew.outbox.Fail(Fault::kClaim, 2);
  crew.outbox.Fail(Fault::kSettle, 2);
  crew.outbox.Fail(Fault::kCommitNo, 2);
  crew.outbox.Fail(Fault::kCommitYes, 2);
  crew.Start(3);
  CHECK(WaitFor([&] {
    // No relay is here to probe a broker that the outages tripped.
    crew.shared.OnBreakerProbe(true, Now());
    return crew.outbox.Count(Status::kSent) == kMessages;
  }));
  std::map<std::string, std::int64_t> newest;
  std::map<std::int64_t, int> seen;
  for (const auto& published : crew.broker.log()) {
    if (++seen[published.id] > 1) continue;
    CHECK(newest[*published.key] < published.id);
    newest[*published.key] = published.id;
  }
  CHECK(seen.size() == kMessages);
}

TEST_CASE("a worker that cannot connect, or loses its connection, tries again", "[worker]") {
  Crew crew;
  crew.outbox.Insert("t", "k", "p");
  crew.outbox.Fail(Fault::kConnect, 2);
  crew.outbox.Fail(Fault::kClaim, 2);
  crew.Start();
  CHECK(crew.AwaitSent(1));
  CHECK(crew.outbox.connections() == 3);
  CHECK(crew.observer.story().store_lost.size() == 4);
  CHECK(crew.Logged().size() == 1);
}

TEST_CASE("what was persisted is not sent again when its settlement was lost", "[worker]") {
  for (const Fault fault : {Fault::kSettle, Fault::kCommitNo, Fault::kCommitYes, Fault::kRowCount}) {
    Crew crew;
    for (int i = 0; i < 10; ++i) crew.outbox.Insert("t", "k", "p");
    crew.outbox.Fail(fault);
    crew.Start();
    CHECK(crew.AwaitSent(10));
    CHECK(crew.Logged() == IdList{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    crew.Stop(seconds(1));
    const auto story = crew.observer.story();
    const bool unknown = fault == Fault::kCommitNo || fault == Fault::kCommitYes;
    CHECK(story.unknown_commits == (unknown ? 1 : 0));
    CHECK(story.rolled_back ==
          std::vector<std::string>{fault == Fault::kRowCount ? "row_count" : "connection_lost"});
    CHECK(story.in_flight == 0);
  }
}

TEST_CASE("after failed settlements claims shrink to a half, and grow again with those that commit",
          "[worker]") {
  Crew crew;
  for (int i = 0; i < 10; ++i) crew.outbox.Insert("t", "k", "p");
  crew.outbox.Fail(Fault::kRowCount, 3);
  crew.Start();
  CHECK(crew.AwaitSent(10));
  crew.Stop(seconds(1));
  CHECK(crew.observer.story().batches == std::vector<std::size_t>{10, 5, 2, 1, 2, 4, 3});
}

TEST_CASE("a refused message is tried alone, waits, and is sent in its place in the end", "[worker]") {
  Crew crew;
  const auto first = crew.outbox.Insert("t", "k", "p");
  const auto second = crew.outbox.Insert("t", "k", "p");
  crew.broker.AnswerId(first, kRefusal, 3);  // in company, alone, and as a retry
  crew.Start();
  CHECK(crew.AwaitSent(2));
  CHECK(crew.Logged() == IdList{first, second});
  CHECK(crew.outbox.Find(first)->attempts == 2);
  CHECK(crew.outbox.Find(second)->attempts == 0);
}

TEST_CASE("a message that is refused too often fails, and its unit goes on or not", "[worker]") {
  for (const OnFailed on_failed : {OnFailed::kSkip, OnFailed::kBlock}) {
    Tunables tunables = Quick();
    tunables.retry.max_attempts = 2;
    Crew crew(tunables);
    SharedControl control;
    control.on_failed = on_failed;
    crew.outbox.SetControl(control);
    const auto bad = crew.outbox.Insert("t", "k", "p");
    crew.outbox.Insert("t", "k", "p");
    const auto other = crew.outbox.Insert("t", "other", "p");
    crew.broker.AnswerId(bad, kRefusal, 100);
    crew.Start();
    const bool blocks = on_failed == OnFailed::kBlock;
    CHECK(WaitFor([&] { return crew.outbox.Count(Status::kFailed) == 1; }));
    CHECK(crew.AwaitSent(blocks ? 1 : 2));
    CHECK(crew.outbox.Find(bad)->last_error.find("policy: ") == 0);
    CHECK(crew.outbox.Find(other)->status == Status::kSent);
    crew.Stop(seconds(1));
    CHECK(crew.outbox.Count(Status::kPending) == (blocks ? 1 : 0));
    CHECK(crew.observer.story().control.size() == 1);  // told once, not at every claim
  }
}

TEST_CASE("outages trip the breaker, and then nothing is claimed", "[worker]") {
  Crew crew;
  crew.outbox.Insert("t", "k", "p");
  crew.broker.AnswerTopic("t", kOutage);
  crew.Start();
  CHECK(WaitFor([&] { return crew.shared.breaker() == BreakerState::kOpen; }));
  crew.Stop(seconds(1));
  CHECK(crew.observer.story().batches.size() == 3);
  CHECK(crew.outbox.Find(1)->attempts == 0);
  CHECK(crew.outbox.Find(1)->status == Status::kPending);
}

TEST_CASE("a half-open breaker takes one small batch", "[worker]") {
  Crew crew;
  constexpr std::size_t kMessages = 100;
  for (std::size_t i = 0; i < kMessages; ++i) crew.outbox.Insert("t", "k" + std::to_string(i), "p");
  crew.shared.OnAuthenticationFailed("no", Now());
  crew.shared.OnBreakerProbe(true, Now());
  REQUIRE(crew.shared.breaker() == BreakerState::kHalfOpen);
  crew.broker.Hold();
  crew.Start(3);
  CHECK(WaitFor([&] { return crew.observer.story().in_flight > 0; }));
  CHECK_FALSE(WaitFor([&] { return crew.observer.story().in_flight > 20; }, milliseconds(50)));
  crew.broker.Release();
  CHECK(crew.AwaitSent(kMessages));
  CHECK(crew.shared.breaker() == BreakerState::kClosed);
  crew.Stop(seconds(1));
  CHECK(crew.observer.story().batches.front() == 20);
}

TEST_CASE("a half-open breaker closes when nothing is due", "[worker]") {
  Crew crew;
  crew.shared.OnAuthenticationFailed("no", Now());
  crew.shared.OnBreakerProbe(true, Now());
  crew.Start();
  CHECK(WaitFor([&] { return crew.shared.breaker() == BreakerState::kClosed; }));
}

TEST_CASE("a half-open breaker survives a claim that fails", "[worker]") {
  Crew crew;
  crew.outbox.Insert("t", "k", "p");
  crew.outbox.Fail(Fault::kClaim, 2);
  crew.shared.OnAuthenticationFailed("no", Now());
  crew.shared.OnBreakerProbe(true, Now());
  crew.Start();
  CHECK(crew.AwaitSent(1));
}

TEST_CASE("a sick topic holds only itself until a trial succeeds", "[worker]") {
  Crew crew;
  const auto sick = crew.outbox.Insert("sick", "k", "p");
  const auto behind = crew.outbox.Insert("sick", "k", "p");
  crew.outbox.Insert("well", "k", "p");
  crew.broker.SetTopic("sick", TopicState::kUnknown);
  crew.Start();
  CHECK(crew.AwaitSent(1));
  CHECK(WaitFor([&] { return crew.observer.story().paused == std::vector<std::string>{"sick"}; }));
  crew.outbox.Insert("well", "k", "p");
  CHECK(crew.AwaitSent(2));
  crew.broker.SetTopic("sick", TopicState::kUsable);
  CHECK(WaitFor([&] { return crew.shared.TakeTopicProbe(Now() + seconds(60)) == "sick"; }));
  crew.shared.OnTopicProbe("sick", true, Now());
  crew.turn.Wake();
  CHECK(crew.AwaitSent(4));
  const auto published = crew.broker.handed_over();
  REQUIRE(published.size() == 4);
  CHECK(published[2].id == sick);
  CHECK(published[2].road == Road::kAlone);
  CHECK(published[3].id == behind);
  CHECK(published[3].road == Road::kMain);
  CHECK(crew.observer.story().resumed == std::vector<std::string>{"sick"});
}

TEST_CASE("a trial in a lane that somebody holds keeps its worker from nothing", "[worker]") {
  Crew crew;
  const auto sick = crew.outbox.Insert("sick", "k", "p");
  const int lane = crew.outbox.Find(sick)->lane;
  crew.shared.PauseTopic("sick", TopicPause::kUnknownTopic, "", lane, Now() - seconds(60));
  const auto somebody = crew.outbox.Connect();
  ClaimRequest request;
  request.messages = 1;
  request.trial = {"sick", lane};
  auto held = somebody->Claim(request);
  REQUIRE(held->messages().size() == 1);
  REQUIRE(crew.shared.TakeTopicProbe(Now()) == "sick");
  crew.shared.OnTopicProbe("sick", true, Now());
  int others = 0;
  for (int i = 0; i < 20; ++i) {
    const auto id = crew.outbox.Insert("well", "k" + std::to_string(i), "p");
    others += crew.outbox.Find(id)->lane != lane ? 1 : 0;
  }
  crew.Start();
  CHECK(WaitFor([&] { return crew.outbox.Count(Status::kSent) >= static_cast<std::size_t>(others); }));
  held.reset();
  CHECK(crew.AwaitSent(21));
}

TEST_CASE("while no producer can be made nothing is lost or charged", "[worker]") {
  Crew crew;
  crew.outbox.Insert("t", "k", "p");
  crew.broker.SetOpens(false);
  crew.Start();
  CHECK_FALSE(WaitFor([&] { return crew.outbox.Count(Status::kSent) > 0; }, milliseconds(60)));
  crew.broker.SetOpens(true);
  CHECK(crew.AwaitSent(1));
  CHECK(crew.outbox.Find(1)->attempts == 0);
}

TEST_CASE("while an operator's pause lasts nothing is claimed", "[worker]") {
  Crew crew;
  SharedControl control;
  control.paused = true;
  crew.outbox.SetControl(control);
  crew.outbox.Insert("t", "k", "p");
  crew.Start();
  CHECK(WaitFor([&] { return crew.observer.story().claims > 3; }));
  CHECK(crew.broker.handed_over().empty());
  crew.outbox.SetControl({});
  CHECK(crew.AwaitSent(1));
  CHECK(crew.observer.story().control.size() == 2);
}

TEST_CASE("a shutdown waits for what is in flight, and settles it", "[worker]") {
  Crew crew;
  crew.outbox.Insert("t", "k", "p");
  crew.broker.Hold();
  crew.Start();
  REQUIRE(WaitFor([&] { return !crew.broker.handed_over().empty(); }));
  crew.drain.Begin(Now() + seconds(20));
  crew.broker.Release();
  crew.Stop(seconds(20));
  CHECK(crew.outbox.Count(Status::kSent) == 1);
}

TEST_CASE("a shutdown settles what is known, and gives back the rest at the end of its grace", "[worker]") {
  Crew crew;
  for (int i = 0; i < 3; ++i) crew.outbox.Insert("t", "k", "p");
  crew.broker.OnPublish([&](const Published& message) {
    if (message.id == 2) crew.broker.Hold();
  });
  crew.Start();
  REQUIRE(WaitFor([&] { return crew.broker.handed_over().size() == 3; }));
  crew.Stop(milliseconds(50));
  CHECK(crew.outbox.Find(1)->status == Status::kSent);
  CHECK(crew.outbox.Find(2)->status == Status::kPending);
  CHECK(crew.outbox.Find(3)->status == Status::kPending);
  CHECK(crew.broker.given_up() == std::vector{GiveUpReason::kShutdown});
  CHECK(crew.observer.story().in_flight == 0);
}

TEST_CASE("new settings take effect at the next claim", "[worker]") {
  Crew crew;
  crew.Start();
  Tunables small = Quick();
  small.batch_messages = 2;
  crew.live.Set(small);
  REQUIRE(WaitFor(
      [&, claims = crew.observer.story().claims] { return crew.observer.story().claims > claims + 2; }));
  for (int i = 0; i < 6; ++i) crew.outbox.Insert("t", "k", "p");
  CHECK(crew.AwaitSent(6));
  for (const std::size_t batch : crew.observer.story().batches) CHECK(batch <= 2);
}

TEST_CASE("a worker that is silent by cadence claims nothing, but hears operators", "[worker]") {
  Crew crew;
  crew.cadence.Set({.mode = CadenceMode::kManual});
  crew.outbox.Insert("t", "k", "p");
  crew.Start(2);
  CHECK(WaitFor([&] { return !crew.observer.story().control.empty(); }));
  CHECK(crew.Logged().empty());
  crew.cadence.Set({});
  CHECK(crew.AwaitSent(1));
}

TEST_CASE("workers serve topics with limits in turn with the others, and know when nothing is due",
          "[worker]") {
  Crew crew;
  crew.pace.Set({.by_topic = {{"bulk", {.messages = 2'000}}, {"slow", {.messages = 100}}}});
  for (int i = 0; i < 200; ++i) {
    crew.outbox.Insert("bulk", "k" + std::to_string(i % 7), "p");
    crew.outbox.Insert("orders", "k" + std::to_string(i % 5), "p");
    if (i % 20 == 0) crew.outbox.Insert("slow", "k", "p");
  }
  crew.broker.AnswerId(1, kRefusal, 3);
  crew.Start(2);
  CHECK(crew.AwaitSent(410));
  CHECK(WaitFor([&] { return crew.pace.nothing_due(); }));
  std::map<std::string, std::int64_t> newest;
  for (const auto& published : crew.broker.log()) {
    auto& last = newest[published.topic + *published.key];
    CHECK(last < published.id);
    last = published.id;
  }
}

TEST_CASE("a message that fails is copied first, and what follows it waits for that", "[worker]") {
  Tunables tunables = Quick();
  tunables.retry.max_attempts = 2;
  tunables.dead_letters.topic = "dead";
  Crew crew(tunables);
  const auto bad = crew.outbox.Insert("t", "k", "p");
  const auto next = crew.outbox.Insert("t", "k", "p");
  for (int i = 0; i < 3; ++i) crew.broker.AnswerId(bad, kRefusal);
  crew.Start();
  CHECK(WaitFor([&] { return crew.outbox.Count(Status::kFailed) == 1; }));
  CHECK(crew.AwaitSent(1));
  CHECK(crew.Logged() == IdList{bad, next});
  CHECK(crew.broker.log().front().topic == "dead");
}

}  // namespace
}  // namespace outbox::test
