// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "kafka/flight.h"
#include "support/catch.h"

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Report kGood{.kind = ReportKind::kPersisted};

TimePoint Soon() { return Clock::now() + milliseconds(5); }
TimePoint Late() { return Clock::now() + seconds(30); }

Slot& Mark(Flight& flight, std::size_t index, Road road) {
  Slot& slot = flight.slot(index);
  flight.Mark(slot, road);
  return slot;
}

TEST_CASE("a report shows nothing until it came", "[kafka]") {
  Flight flight(2, nullptr);
  Slot& slot = Mark(flight, 1, Road::kMain);
  flight.HandedOver(Road::kMain);
  CHECK(flight.report(1).kind == ReportKind::kNone);
  CHECK(flight.unreported() == 1);
  flight.Set(slot, kGood);
  CHECK(flight.report(1).kind == ReportKind::kPersisted);
  CHECK(flight.report(0).kind == ReportKind::kNone);
  CHECK(flight.unreported() == 0);
}

TEST_CASE("a wait ends when the last report came, whichever thread brought it", "[kafka]") {
  constexpr std::size_t kSize = 2'000;
  for (int round = 0; round < 50; ++round) {
    Flight flight(kSize, nullptr);
    std::vector<Slot*> slots;
    for (std::size_t i = 0; i < kSize; ++i) {
      slots.push_back(&Mark(flight, i, Road::kMain));
      flight.HandedOver(Road::kMain);
    }
    std::thread reports([&] {
      for (Slot* slot : slots) flight.Set(*slot, kGood);
    });
    const TimePoint until = Late();
    while (flight.unreported() > 0 && Clock::now() < until) flight.Wait(until);
    CHECK(flight.unreported() == 0);
    CHECK(Clock::now() < until);
    reports.join();
  }
}

TEST_CASE("news end a wait once", "[kafka]") {
  Flight flight(3, nullptr);
  Slot& main = Mark(flight, 0, Road::kMain);
  Slot& alone = Mark(flight, 1, Road::kAlone);
  Mark(flight, 2, Road::kMain);
  flight.HandedOver(Road::kMain);
  flight.HandedOver(Road::kAlone);
  flight.HandedOver(Road::kMain);

  flight.Set(alone, kGood);
  flight.Wait(Late());
  flight.Set(main, {.kind = ReportKind::kRefused, .reason = Reason::kPolicy});
  flight.Wait(Late());
  flight.Ring();
  flight.Wait(Late());

  const TimePoint until = Soon();
  flight.Wait(until);
  CHECK(Clock::now() >= until);
  CHECK(flight.unreported() == 1);
}

TEST_CASE("a message judged without a client is reported at once and counts nowhere", "[kafka]") {
  Flight flight(1, nullptr);
  flight.Judge(flight.slot(0), {.kind = ReportKind::kRefused, .reason = Reason::kInvalid});
  CHECK(flight.report(0).reason == Reason::kInvalid);
  CHECK(flight.unreported() == 0);
  flight.Lose(Road::kMain);
  CHECK(flight.unreported() == 0);
}

TEST_CASE("the memory goes with the delivery if all is reported, else with the flight", "[kafka]") {
  for (const bool reported : {true, false}) {
    auto memory = std::make_shared<int>(0);
    const std::weak_ptr<int> watch = memory;
    auto flight = std::make_unique<Flight>(1, std::move(memory));
    Slot& slot = Mark(*flight, 0, Road::kAlone);
    flight->HandedOver(Road::kAlone);
    if (reported) flight->Set(slot, kGood);
    CHECK_FALSE(flight->done(Road::kMain));
    flight->Land();
    CHECK(watch.expired() == reported);
    CHECK(flight->done(Road::kMain));
    CHECK(flight->done(Road::kAlone) == reported);
    flight.reset();
    CHECK(watch.expired());
  }
}

TEST_CASE("what a lost client did not report counts as perhaps persisted", "[kafka]") {
  Flight flight(4, nullptr);
  flight.Set(Mark(flight, 0, Road::kMain), kGood);
  flight.HandedOver(Road::kMain);
  Mark(flight, 1, Road::kMain);
  flight.HandedOver(Road::kMain);
  Mark(flight, 2, Road::kAlone);
  flight.HandedOver(Road::kAlone);
  flight.Lose(Road::kMain);
  CHECK(flight.report(0).kind == ReportKind::kPersisted);
  CHECK(flight.report(1).kind == ReportKind::kOutage);
  CHECK(flight.report(1).maybe_persisted);
  CHECK(flight.report(2).kind == ReportKind::kNone);
  CHECK(flight.report(3).kind == ReportKind::kNone);
  CHECK(flight.unreported() == 1);
}

}  // namespace
}  // namespace outbox
