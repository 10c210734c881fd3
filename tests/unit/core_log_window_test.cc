// SPDX-License-Identifier: Apache-2.0
#include "core/log_ticks.h"
#include "core/log_window.h"
#include "core/xid_pairs.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;

// Rows 1, 2, ... of the units that are named by their letters, one chunk.
LogChunk ChunkOf(const char* units, std::int64_t first = 1) {
  static const auto tick = std::make_shared<const LogTick>();
  LogChunk chunk;
  chunk.begin = {.tick = tick, .phase = LogPosition::Phase::kNew, .last = first - 1};
  for (const char* unit = units; *unit != '\0'; ++unit) {
    Message message;
    message.id = first++;
    message.lane = *unit % kLanes;
    message.topic = "t";
    message.key = std::string_view(unit, 1);
    message.payload = "p";
    chunk.messages.push_back(message);
  }
  chunk.end = {.tick = tick, .phase = LogPosition::Phase::kNew, .last = first - 1};
  return chunk;
}

IdList TakenIds(const LogWindow::Taken& taken) {
  IdList ids;
  for (const Message& message : taken.messages) ids.push_back(message.id);
  return ids;
}

LogWindow::Taken TakeAll(LogWindow& window) { return window.Take({}, {}); }

void SettleWith(LogWindow& window, const LogWindow::Taken& taken, const std::vector<Outcome>& outcomes) {
  Settlement settlement{.outcomes = outcomes, .refusals = {}};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == Outcome::kRetry || outcomes[i] == Outcome::kFailed)
      settlement.refusals.push_back({i, seconds(1), "policy"});
  }
  window.Settle(taken, settlement, OnFailed::kSkip);
}

TEST_CASE("pairs tell from which id on a transaction may own rows", "[log]") {
  XidPairs pairs;
  pairs.Add(100, 10);
  pairs.Add(105, 20);
  pairs.Add(110, 20);  // says less than the one before
  CHECK(pairs.Below(100) == 0);
  CHECK(pairs.Below(101) == 10);
  CHECK(pairs.Below(105) == 10);
  CHECK(pairs.Below(200) == 20);
  CHECK(pairs.Text() == "100:10,105:20");
  CHECK(XidPairs::Parse(pairs.Text()).Text() == pairs.Text());
  CHECK_THROWS_AS(XidPairs::Parse("100:1x"), std::invalid_argument);
  pairs.Prune(104);
  CHECK(pairs.Below(104) == 10);
  pairs.Prune(106);
  CHECK(pairs.Text() == "105:20");
}

TEST_CASE("of many pairs old and new ones are kept", "[log]") {
  XidPairs pairs;
  for (int i = 1; i <= 1'000; ++i) pairs.Add(static_cast<Xid>(i), i);
  CHECK(pairs.Below(1'001) == 1'000);
  CHECK(pairs.Below(500) <= 499);
  CHECK(pairs.Below(500) > 400);
}

TEST_CASE("a tick reads late rows first, from where they can be", "[log]") {
  LogTicks ticks;
  CHECK_FALSE(ticks.Wanted(Snapshot::Parse("50:50:"), 0));
  CHECK(ticks.Wanted(Snapshot::Parse("50:50:"), 7));
  ticks.Begin(7, 60, LogSnapshot::Of("55:61:55"));
  REQUIRE(ticks.in_tick());
  CHECK_FALSE(ticks.Next().late);
  ticks.Done(ticks.Next(), 4);
  CHECK(ticks.Next().from == 4);
  ticks.Done(ticks.Next(), {});
  CHECK_FALSE(ticks.in_tick());
  CHECK_FALSE(ticks.Wanted(Snapshot::Parse("55:63:55"), 7));  // 55 still runs
  CHECK(ticks.Wanted(Snapshot::Parse("63:63:"), 7));
  ticks.Begin(9, 70, LogSnapshot::Of("71:71:"));
  CHECK(ticks.Next().late);
  CHECK(ticks.Next().upto == 7);
  ticks.Done(ticks.Next(), {});
  CHECK_FALSE(ticks.Next().late);
  CHECK(ticks.Next().from == 7);
  CHECK(ticks.Next().upto == 9);
}

TEST_CASE("progress moves in the order of the log, whatever is done first", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("abc"));
  window.Append(ChunkOf("abc", 4));
  ClaimRequest one;
  one.lanes = 1;
  const auto a = window.Take(one, {});
  const auto rest = TakeAll(window);
  CHECK(TakenIds(a) == IdList{1, 4});
  CHECK(TakenIds(rest) == IdList{2, 5, 3, 6});
  SettleWith(window, rest, {Outcome::kSent, Outcome::kSent, Outcome::kSent, Outcome::kSent});
  CHECK_FALSE(window.Done());
  SettleWith(window, a, {Outcome::kSent, Outcome::kWait});
  REQUIRE(window.Done());
  CHECK(window.Done()->position.last == 3);
  window.Moved(*window.Done());
  const auto again = TakeAll(window);
  CHECK(TakenIds(again) == IdList{4});
  SettleWith(window, again, {Outcome::kSent});
  CHECK(window.Done()->position.last == 6);
  window.Moved(*window.Done());
  CHECK(window.empty());
  CHECK(window.bytes() == 0);
}

TEST_CASE("what was not settled comes again before what follows it", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("aaa"));
  ClaimRequest two;
  two.messages = 2;
  const auto first = window.Take(two, {});
  CHECK(first.full);
  window.Append(ChunkOf("a", 4));
  CHECK(TakeAll(window).messages.empty());  // the lane is held
  SettleWith(window, first, {Outcome::kSent, Outcome::kWait});
  CHECK(TakenIds(TakeAll(window)) == IdList{2, 3, 4});
}

TEST_CASE("later rows of a unit that is parked are parked behind it", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("abaa"));
  const auto taken = TakeAll(window);
  REQUIRE(TakenIds(taken) == IdList{1, 3, 4, 2});
  SettleWith(window, taken, {Outcome::kRetry, Outcome::kWait, Outcome::kWait, Outcome::kSent});
  CHECK(TakeAll(window).messages.empty());
  const auto progress = window.Done();
  REQUIRE(progress);
  REQUIRE(progress->parked.size() == 3);
  CHECK(progress->parked[0].status == ParkedRow::Status::kRetrying);
  CHECK(progress->parked[0].attempts == 1);
  CHECK(progress->parked[1].id == 3);
  CHECK(progress->parked[1].status == ParkedRow::Status::kPending);
  // None of it is in the table yet, and yet the unit stays parked.
  window.SetParkedUnits({}, window.AskUnits());
  window.Append(ChunkOf("a", 5));
  CHECK(TakeAll(window).messages.empty());
  window.Moved(*progress);
  window.Moved(*window.Done());
  CHECK(window.parking() == 0);
  window.SetParkedUnits({LogWindow::UnitName("t", "a")}, window.AskUnits());
  window.Append(ChunkOf("a", 6));
  CHECK(TakeAll(window).messages.empty());
  window.Moved(*window.Done());
  window.SetParkedUnits({}, window.AskUnits());
  window.Append(ChunkOf("a", 7));
  CHECK(TakenIds(TakeAll(window)) == IdList{7});
}

TEST_CASE("a unit that comes to the table while that is asked is not forgotten", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("a"));
  SettleWith(window, TakeAll(window), {Outcome::kRetry});
  const std::uint64_t first = window.AskUnits();
  window.Moved(window.Done().value());
  window.SetParkedUnits({}, first);  // it was not there when the question was put
  window.Append(ChunkOf("a", 2));
  CHECK(TakenIds(TakeAll(window)).empty());
  const std::uint64_t late = window.AskUnits();
  window.SetParkedUnits({LogWindow::UnitName("t", "a")}, window.AskUnits());
  window.Moved(window.Done().value());
  window.SetParkedUnits({}, late);  // an old answer
  window.Append(ChunkOf("a", 3));
  CHECK(TakenIds(TakeAll(window)).empty());
  window.Moved(window.Done().value());
  window.SetParkedUnits({}, window.AskUnits());
  window.Append(ChunkOf("a", 4));
  CHECK(TakenIds(TakeAll(window)) == IdList{4});
}

TEST_CASE("a failed row holds its unit only where failed rows block", "[log]") {
  for (const OnFailed on_failed : {OnFailed::kSkip, OnFailed::kBlock}) {
    LogWindow window;
    window.Append(ChunkOf("aa"));
    const auto taken = TakeAll(window);
    window.Settle(
        taken,
        {.outcomes = {Outcome::kFailed, Outcome::kWait}, .refusals = {{0, milliseconds(0), "too_large"}}},
        on_failed);
    CHECK(TakenIds(TakeAll(window)) == (on_failed == OnFailed::kSkip ? IdList{2} : IdList{}));
  }
}

TEST_CASE("rows of a held topic are parked", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("ab"));
  CHECK(window.Take({}, {"t"}).messages.empty());
  REQUIRE(window.Done());
  CHECK(window.Done()->parked.size() == 2);
}

TEST_CASE("what was taken before the window was cleared means nothing", "[log]") {
  LogWindow window;
  window.Append(ChunkOf("a"));
  const auto taken = TakeAll(window);
  window.Clear();
  window.Append(ChunkOf("a"));
  CHECK_FALSE(window.current(taken));
  SettleWith(window, taken, {Outcome::kSent});
  CHECK_FALSE(window.Done());
  CHECK(TakenIds(TakeAll(window)) == IdList{1});
}

}  // namespace
}  // namespace outbox::test
