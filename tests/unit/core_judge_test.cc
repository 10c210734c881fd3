// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "core/backoff.h"
#include "core/id_memory.h"
#include "core/judge.h"
#include "core/progress.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

TEST_CASE("the outcome table", "[judge]") {
  struct Case {
    ReportKind kind;
    Reason reason;
    bool maybe_persisted;
    Road road;
    int attempts;
    Outcome outcome;
    bool suspect;
  };
  using K = ReportKind;
  using R = Reason;
  constexpr Road kMain = Road::kMain;
  constexpr Road kAlone = Road::kAlone;
  const std::vector<Case> table = {
      {K::kPersisted, R::kNone, false, kMain, 0, Outcome::kSent, false},
      {K::kPersisted, R::kNone, false, kAlone, 19, Outcome::kSent, false},
      {K::kNone, R::kNone, false, kMain, 0, Outcome::kWait, false},
      {K::kNone, R::kNone, false, kAlone, 19, Outcome::kWait, false},
      {K::kOutage, R::kTimeout, false, kMain, 19, Outcome::kWait, false},
      {K::kOutage, R::kTransport, true, kMain, 19, Outcome::kWait, false},
      {K::kOutage, R::kTransport, true, kAlone, 19, Outcome::kWait, false},
      {K::kOutage, R::kNotEnoughReplicas, false, kAlone, 19, Outcome::kWait, false},
      {K::kOutage, R::kAuthentication, false, kAlone, 19, Outcome::kWait, false},
      {K::kOutage, R::kPurged, true, kMain, 19, Outcome::kWait, false},
      {K::kOutage, R::kFatal, true, kMain, 19, Outcome::kWait, false},
      {K::kOutage, R::kShutdown, false, kMain, 19, Outcome::kWait, false},
      {K::kTopicUnknown, R::kTopic, false, kAlone, 19, Outcome::kWait, false},
      {K::kTopicUnauthorized, R::kTopic, false, kAlone, 19, Outcome::kWait, false},
      {K::kRefused, R::kInvalid, false, kMain, 0, Outcome::kWait, true},
      {K::kRefused, R::kPolicy, false, kMain, 19, Outcome::kWait, true},
      {K::kRefused, R::kTooLarge, false, kMain, 0, Outcome::kWait, true},
      {K::kRefused, R::kInvalid, false, kAlone, 0, Outcome::kRetry, false},
      {K::kRefused, R::kPolicy, false, kAlone, 18, Outcome::kRetry, false},
      {K::kRefused, R::kOther, false, kAlone, 19, Outcome::kFailed, false},
      {K::kRefused, R::kTooLarge, false, kAlone, 0, Outcome::kFailed, false},
      {K::kRefused, R::kMalformed, false, kAlone, 0, Outcome::kFailed, false},
  };
  for (const Case& one : table) {
    INFO("kind " << static_cast<int>(one.kind) << ", " << Label(one.reason) << ", attempts " << one.attempts);
    const Report report{.kind = one.kind, .reason = one.reason, .maybe_persisted = one.maybe_persisted};
    const Verdict verdict = Judge(report, one.road, one.attempts, RetryPolicy{}, 7);
    CHECK(verdict.outcome == one.outcome);
    CHECK(verdict.suspect == one.suspect);
    CHECK((verdict.delay > milliseconds(0)) == (one.outcome == Outcome::kRetry));
  }
}

TEST_CASE("without a limit no number of attempts fails", "[judge]") {
  const Report report{.kind = ReportKind::kRefused, .reason = Reason::kPolicy};
  CHECK(Judge(report, Road::kAlone, 1'000'000, {.max_attempts = 0, .backoff = {}}, 7).outcome ==
        Outcome::kRetry);
}

TEST_CASE("every reason has a label of its own", "[judge]") {
  std::set<std::string> labels;
  for (int i = 0; i <= static_cast<int>(Reason::kOther); ++i) labels.insert(Label(static_cast<Reason>(i)));
  CHECK(labels.size() == static_cast<std::size_t>(Reason::kOther) + 1);
}

TEST_CASE("backoff doubles up to its cap, however many attempts", "[backoff]") {
  const Backoff backoff{.initial = milliseconds(1'000), .max = milliseconds(600'000)};
  CHECK(backoff.Base(1) == milliseconds(1'000));
  CHECK(backoff.Base(2) == milliseconds(2'000));
  CHECK(backoff.Base(10) == milliseconds(512'000));
  CHECK(backoff.Base(11) == milliseconds(600'000));
  CHECK(backoff.Base(1'000'000) == milliseconds(600'000));
  CHECK(Backoff{.initial = milliseconds(900), .max = milliseconds(500)}.Base(1) == milliseconds(500));
}

TEST_CASE("jitter lies above zero and reaches the base", "[backoff]") {
  const Backoff backoff{.initial = milliseconds(4), .max = milliseconds(600)};
  std::set<milliseconds> seen;
  for (std::uint64_t random = 0; random < 100; ++random) seen.insert(backoff.Jittered(1, random));
  CHECK(seen == std::set{milliseconds(1), milliseconds(2), milliseconds(3), milliseconds(4)});
  CHECK(Backoff{.initial = milliseconds(0), .max = milliseconds(0)}.Jittered(3, ~std::uint64_t{0}) ==
        milliseconds(1));
}

TEST_CASE("a message is recognised by its id and its message id together", "[ids]") {
  IdMemory memory(2);
  CHECK(memory.empty());
  memory.Add(1, "a");
  CHECK(memory.Has(1, "a"));
  CHECK_FALSE(memory.Has(1, "b"));
  CHECK_FALSE(memory.Has(2, "a"));
  memory.Add(1, "b");  // another message of that id
  CHECK(memory.Has(1, "b"));
  CHECK(memory.size() == 1);
}

TEST_CASE("the oldest id is forgotten first", "[ids]") {
  IdMemory memory(2);
  memory.Add(1, "a");
  memory.Add(2, "b");
  memory.Add(3, "c");
  CHECK_FALSE(memory.Has(1, "a"));
  CHECK(memory.Has(2, "b"));
  CHECK(memory.Has(3, "c"));
  memory.Remove(2);
  memory.Remove(2);
  CHECK(memory.size() == 1);
}

TEST_CASE("an id that was removed and comes back counts as new", "[ids]") {
  IdMemory memory(2);
  memory.Add(1, "a");
  memory.Remove(1);
  memory.Add(1, "a");
  memory.Add(2, "b");
  CHECK(memory.Has(1, "a"));
  CHECK(memory.Has(2, "b"));
}

TEST_CASE("a step overruns its limit, and one without a limit never does", "[progress]") {
  Progress progress;
  const TimePoint begin{seconds(100)};
  CHECK(progress.Overrun(begin) <= milliseconds(0));
  progress.Begin(Progress::Step::kClaiming, begin, seconds(10));
  CHECK(progress.step() == Progress::Step::kClaiming);
  CHECK(progress.Overrun(begin + seconds(4)) == seconds(-6));
  CHECK(progress.Overrun(begin + seconds(13)) == seconds(3));
  progress.Begin(Progress::Step::kWaiting, begin, milliseconds(0));
  CHECK(progress.Overrun(begin + seconds(1'000)) == milliseconds(0));
}

TEST_CASE("a drain has an end only once it has begun", "[progress]") {
  Drain drain;
  CHECK_FALSE(drain.begun());
  CHECK(drain.stop_by() == TimePoint::max());
  drain.Begin(TimePoint(seconds(5)));
  CHECK(drain.begun());
  CHECK(drain.stop_by() == TimePoint(seconds(5)));
}

}  // namespace
}  // namespace outbox::test
