// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "core/scan_memory.h"
#include "core/snapshot.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr std::int64_t kNone = ScanMemory::kNone;

Snapshot Ended(Xid xmax, std::vector<Xid> xip = {}) {
  return {.xmin = xip.empty() ? xmax : xip.front(), .xmax = xmax, .xip = std::move(xip)};
}

ScanMemory::LaneRead WholeLane(ScanMemory& memory, int lane, const std::vector<std::string>& holds = {}) {
  ScanMemory::LaneRead read;
  read.lane = lane;
  read.start = memory.Begin(lane, holds);
  read.holds = holds;
  return read;
}

TEST_CASE("a snapshot is read from its text", "[snapshot]") {
  const Snapshot quiet = Snapshot::Parse("10:10:");
  CHECK(quiet.xmin == 10);
  CHECK(quiet.xmax == 10);
  CHECK(quiet.xip.empty());
  const Snapshot busy = Snapshot::Parse("10:18446744073709551615:10,12,4294967296");
  CHECK(busy.xmin == 10);
  CHECK(busy.xmax == 18446744073709551615U);
  CHECK(busy.xip == std::vector<Xid>{10, 12, 4294967296});
}

TEST_CASE("what is no snapshot is refused", "[snapshot]") {
  for (const char* text : {"", "10", "x:10:", "10:x:", "10:12:x", "10:12:11;12", "10;12:"}) {
    INFO(text);
    CHECK_THROWS_AS(Snapshot::Parse(text), std::invalid_argument);
  }
}

TEST_CASE("a bound is the newest pair below every foreign xid that is unfinished", "[scan]") {
  ScanMemory memory;
  CHECK(memory.Bound(Ended(100)) == kNone);
  memory.AddPair(10, 1'000);
  memory.AddPair(20, 2'000);
  memory.AddPair(30, 3'000);
  struct Case {
    Snapshot snapshot;
    std::int64_t bound;
  };
  for (const auto& [snapshot, bound] : {Case{Ended(31), 3'000},
                                        {Ended(30), 2'000},
                                        {Ended(21), 2'000},
                                        {Ended(20), 1'000},
                                        {Ended(10), kNone},
                                        {Ended(40, {25}), 2'000},
                                        {Ended(40, {20, 35}), 1'000},
                                        {Ended(40, {5}), kNone}}) {
    INFO(snapshot.xmin << ":" << snapshot.xmax);
    CHECK(memory.Bound(snapshot) == bound);
  }
}

TEST_CASE("our own transactions insert nothing, so a bound passes them", "[scan]") {
  ScanMemory memory;
  memory.AddPair(10, 1'000);
  memory.AddPair(20, 2'000);
  CHECK(memory.Bound(Ended(40, {15})) == 1'000);
  memory.Own(15);
  CHECK(memory.Bound(Ended(40, {15})) == 2'000);
  CHECK(memory.Bound(Ended(40, {15, 18})) == 1'000);
}

TEST_CASE("pairs may come out of order, and stay ascending in both", "[scan]") {
  ScanMemory memory;
  memory.AddPair(20, 1'500);
  memory.AddPair(10, 2'000);  // read later, though its xid is lower: true of the higher xid as well
  CHECK(memory.Bound(Ended(15)) == 2'000);
  CHECK(memory.Bound(Ended(25)) == 2'000);
  memory.AddPair(30, 100);  // what is true above a lower xid is true above this one
  CHECK(memory.Bound(Ended(40)) == 2'000);
}

TEST_CASE("thinned pairs leave old moments represented, and never raise a bound", "[scan]") {
  ScanMemory memory;
  const Xid count = 10 * ScanMemory::kMostPairs;
  for (Xid xid = 1; xid <= count; ++xid) memory.AddPair(xid, static_cast<std::int64_t>(xid));
  CHECK(memory.Bound(Ended(count + 1)) == static_cast<std::int64_t>(count));
  int represented = 0;
  std::int64_t last = kNone;
  for (Xid xid = 1; xid <= count; ++xid) {
    const std::int64_t bound = memory.Bound(Ended(xid));
    CHECK(bound < static_cast<std::int64_t>(xid));
    if (bound != last) ++represented;
    last = bound;
  }
  CHECK(represented >= static_cast<int>(ScanMemory::kMostPairs) / 2 - 1);
  CHECK(memory.Bound(Ended(count / 4)) > kNone);
}

TEST_CASE("a scan start moves to the bound, the cut, or below what is not settled", "[scan]") {
  struct Case {
    std::optional<std::int64_t> cut;
    std::optional<std::int64_t> unsettled;
    bool may_advance;
    std::int64_t start;
  };
  for (const auto& [cut, unsettled, may_advance, start] : {Case{{}, {}, true, 100},
                                                           {50, {}, true, 50},
                                                           {150, {}, true, 100},
                                                           {{}, 70, true, 69},
                                                           {50, 40, true, 39},
                                                           {{}, 120, true, 100},
                                                           {{}, {}, false, kNone}}) {
    ScanMemory memory;
    auto read = WholeLane(memory, 3);
    read.cut = cut;
    read.unsettled = unsettled;
    read.may_advance = may_advance;
    memory.Advance(read, 100);
    CHECK(memory.start(3) == start);
    CHECK(memory.start(4) == kNone);
  }
}

TEST_CASE("a scan start does not fall by itself", "[scan]") {
  ScanMemory memory;
  memory.Advance(WholeLane(memory, 0), 100);
  memory.Advance(WholeLane(memory, 0), 50);
  CHECK(memory.start(0) == 100);
  memory.Forget();
  CHECK(memory.start(0) == kNone);
}

TEST_CASE("the end of a hold takes the scan back to its lowest start, an added hold does not", "[scan]") {
  ScanMemory memory;
  memory.Advance(WholeLane(memory, 0), 100);
  memory.Advance(WholeLane(memory, 0, {"a"}), 200);
  memory.Advance(WholeLane(memory, 0, {"a", "b"}), 300);
  CHECK(memory.start(0) == 300);
  CHECK(memory.floor(0) == 100);
  CHECK(memory.Begin(0, {"a"}) == 200);
  CHECK(memory.Begin(0, {}) == 100);
  CHECK(memory.floor(0) == 100);
}

TEST_CASE("a hold that lasts sinks with the scan start", "[scan]") {
  ScanMemory memory;
  memory.Advance(WholeLane(memory, 0, {"late"}), 300);
  memory.Advance(WholeLane(memory, 0), 300);
  memory.Advance(WholeLane(memory, 0, {"a"}), 400);  // noted from 300
  auto read = WholeLane(memory, 0, {"a"});
  read.unsettled = 250;
  memory.Advance(read, 400);
  memory.Advance(WholeLane(memory, 0, {"a"}), 500);  // read from 249 while it lasted
  CHECK(memory.floor(0) == 249);
}

TEST_CASE("holds of one kind end in every lane", "[scan]") {
  ScanMemory memory;
  memory.Advance(WholeLane(memory, 0, {"t:x", "u:k"}), 100);
  memory.Advance(WholeLane(memory, 1, {"t:x", "t:y"}), 100);
  memory.EndHolds("t:", {"t:y"});
  CHECK(memory.start(0) == kNone);
  CHECK(memory.start(1) == kNone);
  memory.Advance(WholeLane(memory, 0, {"u:k"}), 100);
  memory.Advance(WholeLane(memory, 1, {"t:y"}), 100);
  memory.EndHolds("t:", {"t:y"});
  CHECK(memory.start(0) == 100);
  CHECK(memory.start(1) == 100);
}

TEST_CASE("a read made under a hold that has ended meanwhile moves nothing", "[scan]") {
  ScanMemory memory;
  const auto read = WholeLane(memory, 0, {"t:x"});
  memory.EndHolds("t:", {});
  memory.Advance(read, 100);
  CHECK(memory.start(0) == kNone);
}

TEST_CASE("with more holds than are remembered one by one a scan start stays", "[scan]") {
  ScanMemory memory;
  memory.Advance(WholeLane(memory, 0), 100);
  std::vector<std::string> holds;
  for (std::size_t i = 0; i <= ScanMemory::kMostHolds; ++i) holds.push_back("u:" + std::to_string(i));
  memory.Advance(WholeLane(memory, 0, holds), 200);
  CHECK(memory.start(0) == 100);
  holds.pop_back();
  memory.Advance(WholeLane(memory, 0, holds), 200);
  CHECK(memory.start(0) == 200);
  CHECK(memory.floor(0) == 100);
}

TEST_CASE("what a hold holds may be read by itself, and the scan then returns to where that came", "[scan]") {
  ScanMemory memory;
  const std::vector<std::string> holds = {"t:bulk"};
  memory.AddPair(10, 1'000);
  memory.Advance(WholeLane(memory, 0, holds), 1'000);  // from the beginning on, all but bulk
  CHECK(memory.start(0) == 1'000);
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == kNone);
  CHECK(memory.start_behind(0, "t:other", "u:other/") == 1'000);

  ScanMemory::LaneRead read{.lane = 0, .start = kNone, .cut = 400, .unsettled = {}};
  memory.AdvanceHold(read, 1'000, "t:bulk");
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == 400);
  read = {.lane = 0, .start = 400, .cut = {}, .unsettled = 700};
  memory.AdvanceHold(read, 1'000, "t:bulk");
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == 699);
  CHECK(memory.floor(0) == 699);

  // None of these moves it: a read from above, one that passed over something, one of another hold.
  memory.AdvanceHold({.lane = 0, .start = 800, .cut = {}, .unsettled = {}}, 1'000, "t:bulk");
  memory.AdvanceHold({.lane = 0, .start = 699, .cut = {}, .unsettled = {}, .may_advance = false}, 1'000,
                     "t:bulk");
  memory.AdvanceHold({.lane = 0, .start = 699, .cut = {}, .unsettled = {}}, 1'000, "t:other");
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == 699);

  memory.EndHolds("t:", {});
  CHECK(memory.start(0) == 699);
}

TEST_CASE("a read of what one hold holds begins below the units that wait among it", "[scan]") {
  ScanMemory memory;
  memory.AddPair(10, 1'000);
  memory.Advance(WholeLane(memory, 0, {}), 500);
  memory.Advance(WholeLane(memory, 0, {"u:bulk/1", "u:orders/1"}), 800);
  memory.Advance(WholeLane(memory, 0, {"t:bulk", "u:bulk/1", "u:orders/1"}), 900);
  CHECK(memory.start(0) == 900);
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == 500);
  // The next read finds that the unit waits no longer, and so does what is held with it.
  memory.Begin(0, {"t:bulk", "u:orders/1"});
  CHECK(memory.start_behind(0, "t:bulk", "u:bulk/") == 500);
}

}  // namespace
}  // namespace outbox::test
