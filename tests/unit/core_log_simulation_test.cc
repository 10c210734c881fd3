// SPDX-License-Identifier: Apache-2.0
//
// Random schedules of producers, readers and accidents around LogTicks and LogWindow. What a schedule
// must never show: a row delivered out of the order of its unit, or twice without a reason, or not at
// all.
#include <cstdlib>
#include <memory>
#include <random>

#include "core_log_reader.h"
#include "core_scan_world.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr int kSteps = 700;
constexpr int kCalmSteps = 20'000;
constexpr int kQuietSteps = 200;
constexpr int kSchedules = 4'000;
constexpr int kSchedulesForABug = 40'000;

struct Wrong {
  WrongModel model{};
  WrongReader reader{};
};

class LogSchedule {
 public:
  LogSchedule(std::uint64_t seed, Wrong wrong) : world_(seed, wrong.model, false) {
    for (int i = 0; i < 5; ++i) writers_.emplace_back(world_, i);
    const std::size_t readers = 1 + world_.Below(2);
    for (std::size_t i = 0; i < readers; ++i)
      readers_.push_back(std::make_unique<LogReaderModel>(world_, database_, wrong.reader));
  }

  // Empty: nothing went wrong.
  std::string Run() {
    for (int i = 0; i < kSteps && world_.violation().empty(); ++i) {
      ++world_.clock;
      // Until one of them finds out, both deliver what they read.
      if (two_read_) AllowRepeats();
      if (world_.Chance(60)) {
        readers_[world_.Below(readers_.size())]->Step();
      } else if (!world_.Chance(4)) {
        writers_[world_.Below(writers_.size())].Step();
      } else {
        Accident();
      }
    }
    if (world_.violation().empty()) CalmDown();
    return world_.violation();
  }

 private:
  void Accident() {
    LogReaderModel& reader = *readers_[world_.Below(readers_.size())];
    if (world_.Chance(50)) {
      reader.Crash();
    } else {
      reader.Freeze();
      two_read_ = readers_.size() > 1;
    }
    AllowRepeats();
  }

  void AllowRepeats() {
    for (auto& [id, row] : world_.rows) row.may_repeat = true;
  }

  void CalmDown() {
    world_.calm = true;
    for (std::size_t i = 1; i < readers_.size(); ++i) readers_[i]->Crash();
    if (readers_.size() > 1) AllowRepeats();
    // Long enough for the reader to have looked once more.
    int quiet = 0;
    for (int i = 0; i < kCalmSteps && world_.violation().empty() && quiet < kQuietSteps; ++i) {
      quiet = Done() ? quiet + 1 : 0;
      ++world_.clock;
      if (two_read_) AllowRepeats();
      for (Writer& writer : writers_) writer.Step();
      readers_[0]->Step();
    }
    for (const auto& [id, row] : world_.rows) {
      if (!row.delivered) world_.Blame("row " + std::to_string(id) + " was never delivered");
    }
  }

  bool Done() const {
    for (const Writer& writer : writers_) {
      if (!writer.idle()) return false;
    }
    return readers_[0]->idle() && database_.parked.empty();
  }

  World world_;
  LogDatabase database_;
  bool two_read_ = false;  // a frozen one may not know
  std::vector<Writer> writers_;
  std::vector<std::unique_ptr<LogReaderModel>> readers_;
};

std::uint64_t FirstSeed() {
  const char* chosen = std::getenv("OUTBOX_TEST_SEED");
  return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
}

// Runs schedules until one goes wrong.
std::string SearchLog(Wrong wrong, int schedules) {
  const std::uint64_t first = FirstSeed();
  for (int i = 0; i < schedules; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    const std::string violation = LogSchedule(seed, wrong).Run();
    if (!violation.empty())
      return violation + " (OUTBOX_TEST_SEED=" + std::to_string(seed) + ", schedule " + std::to_string(i) +
             ")";
  }
  return {};
}

#ifdef OUTBOX_MUTANTS

TEST_CASE("the bug that the environment names is noticed in a log", "[log]") {
  REQUIRE(std::getenv("OUTBOX_RELAY_MUTANT") != nullptr);
  const std::string violation = SearchLog({}, kSchedulesForABug);
  INFO(violation);
  CHECK(violation != "");
}

#else

TEST_CASE("no schedule loses, repeats or reorders a row of a log", "[log]") {
  CHECK(SearchLog({}, kSchedules) == "");
}

TEST_CASE("it is noticed when a tick has no xid of its own", "[log]") {
  CHECK(SearchLog({.reader = {.no_own_xid = true}}, kSchedulesForABug) != "");
}

TEST_CASE("it is noticed when a log is read in the order of xids", "[log]") {
  CHECK(SearchLog({.reader = {.xid_order = true}}, kSchedulesForABug) != "");
}

TEST_CASE("it is noticed when what was parked is taken for what is", "[log]") {
  CHECK(SearchLog({.reader = {.units_now = true}}, kSchedulesForABug) != "");
}

TEST_CASE("it is noticed when a log's ids are drawn before the xid", "[log]") {
  CHECK(SearchLog({.model = {.id_before_xid = true}}, kSchedulesForABug) != "");
}

TEST_CASE("it is noticed when a tick reads the last drawn id after its own xid", "[log]") {
  CHECK(SearchLog({.model = {.last_drawn_late = true}}, kSchedulesForABug) != "");
}

#endif

}  // namespace
}  // namespace outbox::test
