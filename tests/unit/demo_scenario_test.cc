// SPDX-License-Identifier: Apache-2.0
#include "demo/scenario.h"
#include "support/catch.h"

namespace outbox {
namespace {

using Cue = Scenario::Cue;
using Phase = Scenario::Phase;

const TimePoint kBegin{seconds(1'000)};

// Plays with a backlog that is gone `recovery` after the broker's return, looking every 100 ms.
struct Play {
  Scenario scenario;
  std::vector<std::pair<milliseconds, Cue>> cues{};

  void Until(milliseconds end, milliseconds recovery) {
    std::optional<milliseconds> back;
    for (milliseconds t{0}; t <= end; t += milliseconds(100)) {
      const std::int64_t backlog = back && t >= *back + recovery ? 0 : 10'000;
      for (Cue cue; (cue = scenario.Next(kBegin + t, backlog, 100)) != Cue::kNone;) {
        cues.push_back({t, cue});
        if (cue == Cue::kBringBrokerBack) back = t;
      }
    }
  }
};

}  // namespace

TEST_CASE("a demo of 20 s refuses a message, takes the broker away and brings it back, and ends") {
  Play play{Scenario({.length = seconds(20), .outage = seconds(5)}, kBegin)};
  play.Until(milliseconds(25'000), milliseconds(700));
  using Cues = std::vector<std::pair<milliseconds, Cue>>;
  CHECK(play.cues == Cues{{milliseconds(3'000), Cue::kInsertOversized},
                          {milliseconds(6'000), Cue::kTakeBrokerAway},
                          {milliseconds(11'000), Cue::kBringBrokerBack},
                          {milliseconds(20'000), Cue::kEnd}});
  CHECK(play.scenario.phase() == Phase::kSteady);
  CHECK(play.scenario.recovery() == milliseconds(700));
}

TEST_CASE("a demo shorter than its outage still ends in time") {
  Play play{Scenario({.length = seconds(2), .outage = seconds(5)}, kBegin)};
  play.Until(milliseconds(2'000), milliseconds(0));
  REQUIRE(play.cues.back().second == Cue::kEnd);
  CHECK(play.scenario.phase() == Phase::kOutage);
  CHECK(play.scenario.End(kBegin + seconds(2)) == Cue::kBringBrokerBack);
}

TEST_CASE("without an outage the broker stays, and recovery is unknown") {
  Play play{Scenario({.length = std::nullopt, .outage = seconds(0)}, kBegin)};
  play.Until(milliseconds(60'000), milliseconds(0));
  REQUIRE(play.cues.size() == 1);
  CHECK(play.cues[0].second == Cue::kInsertOversized);
  CHECK_FALSE(play.scenario.outage_happened());
  CHECK_FALSE(play.scenario.recovery());
  CHECK(play.scenario.End(kBegin + seconds(60)) == Cue::kNone);
}

TEST_CASE("an end during an outage brings the broker back once, and recovery is still measured") {
  Scenario scenario({.length = std::nullopt, .outage = seconds(30)}, kBegin);
  const TimePoint away = kBegin + seconds(8);
  CHECK(scenario.Next(away, 0, 100) == Cue::kInsertOversized);
  CHECK(scenario.Next(away, 0, 100) == Cue::kTakeBrokerAway);
  CHECK(scenario.End(away + seconds(1)) == Cue::kBringBrokerBack);
  CHECK(scenario.Next(away + seconds(40), 5'000, 100) == Cue::kNone);
  CHECK(scenario.phase() == Phase::kDraining);
  CHECK_FALSE(scenario.recovery());
  CHECK(scenario.Next(away + seconds(41), 10, 100) == Cue::kNone);
  CHECK(scenario.recovery() == seconds(40));
}

}  // namespace outbox
