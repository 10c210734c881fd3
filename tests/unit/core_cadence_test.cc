// SPDX-License-Identifier: Apache-2.0
#include "core/cadence.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr TimePoint kStart{seconds(1'000)};

// The clock on the wall, of one who looks.
Cadence::TimeOfDay At(seconds time) {
  return [time] { return time; };
}

TEST_CASE("without a cadence claims are always made, and nobody asks for the time of day", "[cadence]") {
  Cadence cadence({});
  const auto nobody = []() -> seconds { throw std::logic_error("asked"); };
  CHECK(cadence.Active(kStart, nobody));
  CHECK(cadence.SilentUntil(kStart, nobody).empty());
}

TEST_CASE("windows open and close by the clock, also across midnight", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kWindows,
                   .windows = {{hours(1), hours(5)}, {hours(23) + minutes(30), minutes(15)}}});
  const struct {
    seconds time;
    bool active;
    std::string until;
  } looks[] = {
      {hours(0), true, ""},
      {minutes(15) - seconds(1), true, ""},
      {minutes(15), false, "until 01:00"},
      {hours(1) - seconds(1), false, "until 01:00"},
      {hours(1), true, ""},
      {hours(5) - seconds(1), true, ""},
      {hours(5), false, "until 23:30"},
      {hours(23) + minutes(29), false, "until 23:30"},
      {hours(23) + minutes(30), true, ""},
  };
  for (const auto& look : looks) {
    CAPTURE(look.time.count());
    CHECK(cadence.Active(kStart, At(look.time)) == look.active);
    CHECK(cadence.SilentUntil(kStart, At(look.time)) == look.until);
  }
}

TEST_CASE("a window may last until the end of the day", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kWindows, .windows = {{hours(22), hours(24)}}});
  CHECK(cadence.Active(kStart, At(hours(24) - seconds(1))));
  CHECK_FALSE(cadence.Active(kStart, At(hours(0))));
}

TEST_CASE("an interval's run lasts until it has caught up, and the next one begins in time", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kInterval, .every = minutes(10)});
  const auto active = [&](milliseconds after) { return cadence.Active(kStart + after, At(hours(12))); };
  const auto until = [&](milliseconds after) {
    return cadence.SilentUntil(kStart + after, At(hours(12) + std::chrono::floor<seconds>(after)));
  };
  CHECK(until(milliseconds(0)).empty());
  CHECK(active(milliseconds(0)));
  cadence.KeepOn(kStart + milliseconds(900));  // a full claim
  CHECK(active(milliseconds(1'800)));
  CHECK(until(milliseconds(1'800)).empty());
  CHECK_FALSE(active(milliseconds(1'900)));
  CHECK(until(seconds(2)) == "until 12:10");
  CHECK(until(minutes(9) + seconds(30)) == "for another 30 s");
  CHECK_FALSE(active(minutes(10) - milliseconds(1)));
  CHECK(active(minutes(10)));
  // A run that takes longer than the interval is followed by the next one at once.
  for (int i = 0; i < 700; ++i) cadence.KeepOn(kStart + minutes(10) + seconds(i));
  CHECK(active(minutes(10) + seconds(699)));
  CHECK(active(minutes(10) + seconds(699) + milliseconds(900)));
}

TEST_CASE("what goes wrong in an interval's silence begins no run", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kInterval, .every = minutes(10)});
  REQUIRE(cadence.Active(kStart, At(hours(12))));
  REQUIRE_FALSE(cadence.Active(kStart + seconds(2), At(hours(12))));
  cadence.KeepOn(kStart + minutes(1));
  CHECK_FALSE(cadence.Active(kStart + minutes(1), At(hours(12))));
  CHECK_FALSE(cadence.SilentUntil(kStart + minutes(1), At(hours(12))).empty());
  CHECK(cadence.Active(kStart + minutes(10), At(hours(12))));
}

TEST_CASE("an outage does not end an interval's run", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kInterval, .every = hours(1)});
  CHECK(cadence.Active(kStart, At(hours(0))));
  for (int i = 1; i < 100; ++i) {
    cadence.KeepOn(kStart + milliseconds(500 * i));  // the breaker admits nothing
    CHECK(cadence.Active(kStart + milliseconds(500 * i + 400), At(hours(0))));
  }
}

TEST_CASE("a manual relay claims nothing, until a reload lets it", "[cadence]") {
  Cadence cadence({.mode = CadenceMode::kManual});
  CHECK_FALSE(cadence.Active(kStart, At(hours(0))));
  CHECK(cadence.SilentUntil(kStart, At(hours(0))) == "until somebody calls run --once");
  cadence.Set({});
  CHECK(cadence.Active(kStart, At(hours(0))));
}

}  // namespace
}  // namespace outbox::test
