// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "postgres/lane_book.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr TimePoint kStill{};  // no lane is swept

LaneBook::Entry EntryOf(LaneBook& book, int lane, const std::vector<std::string>& held = {}) {
  const auto entries = book.Lanes(held, kStill);
  const auto entry =
      std::find_if(entries.begin(), entries.end(), [lane](const auto& e) { return e.lane == lane; });
  REQUIRE(entry != entries.end());
  return *entry;
}

// Reads a lane to its end, up to `bound`.
void ReadLane(LaneBook& book, int epoch, int lane, std::int64_t bound,
              const std::vector<std::string>& holds = {}) {
  ScanMemory::LaneRead read;
  read.lane = lane;
  read.start = book.Begin(lane, holds);
  read.holds = holds;
  book.Advance(epoch, 10, bound, {read}, bound);
}

TEST_CASE("lanes that we hold ourselves are left out, and the first one rotates", "[lanes]") {
  LaneBook book;
  auto entries = book.Lanes({}, kStill);
  REQUIRE(entries.size() == kLanes);
  CHECK(entries.front().lane == 0);
  book.Hold({5, 6});
  entries = book.Lanes({}, kStill);
  CHECK(entries.size() == kLanes - 2);
  CHECK(entries.front().lane == 7);
  CHECK(entries.back().lane == 4);
  book.Release({5, 6});
  CHECK(book.Lanes({}, kStill).size() == kLanes);
}

TEST_CASE("each lane is swept once in a while, one at a time", "[lanes]") {
  LaneBook book;
  TimePoint now{std::chrono::hours(1)};
  std::vector<int> swept;
  for (int i = 0; i < 3 * kLanes; ++i) {
    for (const auto& entry : book.Lanes({}, now)) {
      if (!entry.sweep) continue;
      CHECK(entry.start == ScanMemory::kNone);
      swept.push_back(entry.lane);
    }
    now += LaneBook::kSweepEvery / kLanes / 2;
  }
  CHECK(static_cast<int>(swept.size()) >= kLanes);
  CHECK(static_cast<int>(swept.size()) <= 2 * kLanes);
  for (std::size_t i = 0; i < swept.size(); ++i) CHECK(swept[i] == static_cast<int>(i) % kLanes);
}

TEST_CASE("what was learned in another epoch is not learned again", "[lanes]") {
  LaneBook book;
  const int before = book.epoch();
  ReadLane(book, before, 3, 100);
  CHECK(EntryOf(book, 3).start == 100);
  book.SetWaiting(3, "1:7");
  CHECK(book.has_unit_holds(3));
  book.Forget();
  CHECK(EntryOf(book, 3).start == ScanMemory::kNone);
  CHECK_FALSE(book.has_unit_holds(3));
  ReadLane(book, before, 3, 100);
  CHECK(EntryOf(book, 3).start == ScanMemory::kNone);
  ReadLane(book, book.epoch(), 3, 100);
  CHECK(EntryOf(book, 3).start == 100);
}

TEST_CASE("another mark of the server is another past", "[lanes]") {
  LaneBook book;
  CHECK_FALSE(book.SamePast("one"));
  CHECK(book.SamePast("one"));
  ReadLane(book, book.epoch(), 3, 100);
  CHECK_FALSE(book.SamePast("two"));
  CHECK(EntryOf(book, 3).start == ScanMemory::kNone);
}

TEST_CASE("a topic that is no longer held takes its lanes back", "[lanes]") {
  LaneBook book;
  EntryOf(book, 3, {"t"});
  ReadLane(book, book.epoch(), 3, 100, {LaneBook::TopicHold("t")});
  CHECK(EntryOf(book, 3, {"t"}).start == 100);
  CHECK(book.held_topics() == std::vector<std::string>{"t"});
  CHECK(EntryOf(book, 3, {"u"}).start == ScanMemory::kNone);
}

TEST_CASE("a trial begins below everything that is held in its lane, whichever way", "[lanes]") {
  LaneBook book;
  ReadLane(book, book.epoch(), 3, 100);
  ReadLane(book, book.epoch(), 3, 200, {LaneBook::UnitHold("t", "k")});
  ReadLane(book, book.epoch(), 3, 300, {LaneBook::UnitHold("t", "k"), LaneBook::TopicHold("t")});
  CHECK(book.TrialLane({"t", 3}).start == 100);
  CHECK(book.Floors()[3] == 100);
  CHECK(book.Floors()[4] == ScanMemory::kNone);
}

TEST_CASE("names of holds do not collide", "[lanes]") {
  CHECK(LaneBook::UnitHold("a", "b") != LaneBook::UnitHold("ab", ""));
  CHECK(LaneBook::UnitHold("a", "") != LaneBook::TopicHold("a"));
}

}  // namespace
}  // namespace outbox::test
