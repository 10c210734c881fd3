// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "core/poll_turn.h"
#include "support/catch.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using Kind = PollTurn::Kind;
using Found = PollTurn::Found;
using Clock = std::chrono::steady_clock;

milliseconds Timed(PollTurn& turn, Kind expected) {
  const auto begin = Clock::now();
  CHECK(turn.Await() == expected);
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

TEST_CASE("one worker has the turn, and the others sleep until it is handed on", "[turn]") {
  PollTurn turn(milliseconds(0), milliseconds(0));
  REQUIRE(turn.Await() == Kind::kTurn);
  std::atomic<int> others{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const Kind kind = turn.Await();
      if (kind == Kind::kTurn) ++others;
    });
  }
  CHECK_FALSE(WaitFor([&] { return others > 0; }, milliseconds(50)));
  turn.Done(Kind::kTurn, Found::kSome);
  CHECK(WaitFor([&] { return others == 1; }));
  CHECK_FALSE(WaitFor([&] { return others > 1; }, milliseconds(50)));
  turn.Stop();
}

TEST_CASE("while nothing is found the others sleep on, until the turn is handed on", "[turn]") {
  PollTurn turn(milliseconds(0), milliseconds(0));
  REQUIRE(turn.Await() == Kind::kTurn);
  std::atomic<int> others{0};
  std::jthread other([&] {
    if (turn.Await() == Kind::kTurn) ++others;
  });
  CHECK_FALSE(WaitFor([&] { return others > 0; }, milliseconds(50)));
  turn.Done(Kind::kTurn, Found::kNothing);
  CHECK_FALSE(WaitFor([&] { return others > 0; }, milliseconds(50)));
  turn.HandOn();
  CHECK(WaitFor([&] { return others == 1; }));
}

TEST_CASE("after a full batch everybody claims, without a pause", "[turn]") {
  PollTurn turn(seconds(60), seconds(60));
  REQUIRE(turn.Await() == Kind::kTurn);
  turn.Done(Kind::kTurn, Found::kNothing);  // the pause is now a minute
  std::atomic<int> rushing{0};
  std::vector<std::jthread> threads;
  std::jthread sleeper([&] { turn.Await(); });  // has the turn, and sleeps
  turn.Done(Kind::kRush, Found::kMore);
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      if (turn.Await() == Kind::kRush) ++rushing;
    });
  }
  CHECK(WaitFor([&] { return rushing == 2; }));
  sleeper.join();  // its pause ended as well
  turn.Stop();
}

TEST_CASE("the pause grows with the time since something was found", "[turn]") {
  PollTurn turn(milliseconds(20), milliseconds(80));
  const auto found = Clock::now();
  CHECK(Timed(turn, Kind::kTurn) < milliseconds(15));
  for (auto quiet = Clock::duration(0); quiet < milliseconds(400); quiet = Clock::now() - found) {
    turn.Done(Kind::kTurn, Found::kNothing);
    const auto least = std::clamp<Clock::duration>(quiet / 4, milliseconds(20), milliseconds(80));
    CHECK(Timed(turn, Kind::kTurn) + milliseconds(1) >= least);
  }
  turn.Done(Kind::kTurn, Found::kSome);
  CHECK(Timed(turn, Kind::kTurn) < milliseconds(75));
}

TEST_CASE("a wake-up ends the pause, also one that has not begun yet", "[turn]") {
  PollTurn turn(seconds(60), seconds(60));
  REQUIRE(turn.Await() == Kind::kTurn);
  turn.Done(Kind::kTurn, Found::kNothing);
  turn.Wake();
  CHECK(Timed(turn, Kind::kTurn) < seconds(10));
  turn.Done(Kind::kTurn, Found::kNothing);
  std::jthread sleeper([&] { CHECK(turn.Await() == Kind::kTurn); });
  turn.Wake();
  sleeper.join();
}

TEST_CASE("a stop ends every wait, and every later one", "[turn]") {
  PollTurn turn(seconds(60), seconds(60));
  REQUIRE(turn.Await() == Kind::kTurn);
  turn.Done(Kind::kTurn, Found::kNothing);
  std::atomic<int> stopped{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      if (turn.Await() == Kind::kStop) ++stopped;
    });
  }
  turn.Stop();
  threads.clear();
  CHECK(stopped == 3);
  CHECK(turn.Await() == Kind::kStop);
}

}  // namespace
}  // namespace outbox::test
