// SPDX-License-Identifier: Apache-2.0
//
// Random schedules of producers, relays and accidents around ScanMemory. What a schedule must never
// show: a row delivered out of the order of its unit, or twice without a reason, or not at all; and
// that without any sweep.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>

#include "core_scan_claim.h"
#include "core_scan_world.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr int kSteps = 700;
constexpr int kManySteps = 40'000;  // enough for ScanMemory to drop what it need not remember
constexpr int kSchedules = 3'000;
constexpr int kSchedulesForABug = 60'000;
constexpr int kCalmSteps = 3'000;

class Schedule {
 public:
  Schedule(std::uint64_t seed, WrongModel wrong)
      : world_(seed, wrong, seed % 3 == 0), steps_(seed % 500 == 0 ? kManySteps : kSteps) {
    for (int i = 0; i < 5; ++i) writers_.emplace_back(world_, i);
    const std::size_t relays = 1 + world_.Below(2);
    for (std::size_t i = 0; i < relays; ++i) relays_.push_back(std::make_unique<ModelRelay>());
    sessions_.resize(relays * 2);
  }

  // Empty: nothing went wrong.
  std::string Run() {
    for (int i = 0; i < steps_ && world_.violation().empty(); ++i) {
      ++world_.clock;
      if (world_.Chance(55)) {
        Claim(world_.Below(sessions_.size()));
      } else if (world_.Chance(85)) {
        writers_[world_.Below(writers_.size())].Step();
      } else {
        Accident();
      }
    }
    if (world_.violation().empty()) CalmDown();
    return world_.violation();
  }

 private:
  ModelRelay& RelayOf(std::size_t session) { return *relays_[session % relays_.size()]; }

  void Claim(std::size_t session) {
    auto& claim = sessions_[session];
    if (!claim) claim = std::make_unique<ModelClaim>(world_, RelayOf(session), static_cast<int>(session));
    if (!claim->Step()) claim.reset();
  }

  void Accident() {
    const std::size_t kind = world_.Below(10);
    if (kind == 0) Crash(world_.Below(sessions_.size()));
    if (kind >= 1 && kind <= 3) {
      auto& paused = RelayOf(world_.Below(sessions_.size())).paused_topics;
      const std::string topic = world_.Chance(50) ? "a" : "b";
      if (paused.erase(topic) == 0) paused.insert(topic);
    }
    if (kind >= 4 && kind <= 6) LockOrUnlockRow();
    if (kind >= 7) OperatorActs(static_cast<int>(world_.Below(kModelLanes)));
  }

  // The connection is lost, or the relay dies: rolled back, and everything is forgotten.
  void Crash(std::size_t session) {
    sessions_[session].reset();
    RelayOf(session).book.Forget();
  }

  void LockOrUnlockRow() {
    if (world_.Chance(50)) {
      std::erase_if(world_.row_locks, [](const auto& lock) { return lock.second == World::kPerson; });
      return;
    }
    for (const auto& [id, row] : world_.rows) {
      if (row.status == World::Status::kPending && world_.Chance(20)) {
        world_.row_locks.try_emplace(id, World::kPerson);
        return;
      }
    }
  }

  // Tries failed rows again, or gives them up, under the lane's lock.
  void OperatorActs(int lane) {
    if (world_.lane_locks.contains(lane)) return;
    world_.End(world_.Assign());
    for (auto at = world_.rows.begin(); at != world_.rows.end();) {
      World::Row& row = at->second;
      if (row.lane == lane && row.status == World::Status::kFailed) {
        if (world_.Chance(20)) {
          world_.row_locks.erase(at->first);
          at = world_.rows.erase(at);
          continue;
        }
        row.status = World::Status::kRetrying;
        row.due = world_.clock;
      }
      ++at;
    }
  }

  // Everything open ends and nothing fails any more. One relay is left, so that no other hides what
  // it has lost sight of.
  void CalmDown() {
    const std::size_t left = world_.Below(relays_.size());
    world_.calm = true;
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      if (i % relays_.size() != left) sessions_[i].reset();
    }
    relays_[left]->paused_topics.clear();
    std::erase_if(world_.row_locks, [](const auto& lock) { return lock.second == World::kPerson; });
    for (int i = 0; i < kCalmSteps && world_.violation().empty() && !Done(); ++i) {
      ++world_.clock;
      for (Writer& writer : writers_) writer.Step();
      if (i % 50 == 0) {
        for (int lane = 0; lane < kModelLanes; ++lane) OperatorActs(lane);
      }
      Claim(left + relays_.size() * world_.Below(2));
    }
    for (const auto& [id, row] : world_.rows) world_.Blame("row " + std::to_string(id) + " was never found");
  }

  bool Done() const {
    const bool writers_done =
        std::all_of(writers_.begin(), writers_.end(), [](const Writer& writer) { return writer.idle(); });
    return writers_done && world_.rows.empty();
  }

  World world_;
  const int steps_;
  std::vector<Writer> writers_;
  std::vector<std::unique_ptr<ModelRelay>> relays_;
  std::vector<std::unique_ptr<ModelClaim>> sessions_;
};

struct Finding {
  int schedules = 0;
  std::string violation;
};

// The seed of the first schedule: $OUTBOX_TEST_SEED, or another one each time.
std::uint64_t FirstSeed() {
  const char* chosen = std::getenv("OUTBOX_TEST_SEED");
  return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
}

// Runs schedules until one goes wrong.
Finding Search(WrongModel wrong, int schedules) {
  const std::uint64_t first = FirstSeed();
  Finding finding;
  while (finding.schedules < schedules && finding.violation.empty()) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(finding.schedules++);
    finding.violation = Schedule(seed, wrong).Run();
    if (!finding.violation.empty()) finding.violation += " (OUTBOX_TEST_SEED=" + std::to_string(seed) + ")";
  }
  return finding;
}

#ifdef OUTBOX_MUTANTS

TEST_CASE("the bug that the environment names is noticed", "[scan]") {
  const char* mutant = std::getenv("OUTBOX_RELAY_MUTANT");
  REQUIRE(mutant != nullptr);
  const Finding finding = Search({}, kSchedulesForABug);
  INFO(mutant << ": " << finding.schedules << " schedules");
  CHECK(finding.violation != "");
}

#else

TEST_CASE("no schedule loses, repeats or reorders a row, without any sweep", "[scan]") {
  CHECK(Search({}, kSchedules).violation == "");
}

TEST_CASE("it is noticed when ids are drawn before the xid", "[scan]") {
  CHECK(Search({.id_before_xid = true, .last_drawn_late = false}, kSchedulesForABug).violation != "");
}

TEST_CASE("it is noticed when the last drawn id is read after the own xid", "[scan]") {
  CHECK(Search({.id_before_xid = false, .last_drawn_late = true}, kSchedulesForABug).violation != "");
}

#endif

}  // namespace
}  // namespace outbox::test
