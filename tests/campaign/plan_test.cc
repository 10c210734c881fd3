// SPDX-License-Identifier: Apache-2.0
#include "campaign/plan.h"

#include <algorithm>
#include <map>

#include "support/catch.h"

namespace outbox::campaign {
namespace {

std::map<std::string_view, int> Tally(std::uint64_t seed, int rounds, bool small_disk) {
  std::map<std::string_view, int> often;
  for (const FaultKind* kind : ChooseKinds("", small_disk)) often[kind->name] = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto plan = PlanFaults(seed + static_cast<std::uint64_t>(round), 60, ChooseKinds("", small_disk));
    for (const PlannedFault& fault : plan) ++often[fault.kind->name];
  }
  return often;
}

}  // namespace

TEST_CASE("within forty rounds of a minute every kind of fault is planned at least ten times") {
  const auto seed =
      GENERATE(std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}, std::uint64_t{3141592653});
  for (const auto& [name, often] : Tally(seed, 40, true)) {
    INFO("seed " << seed << ": " << name << " " << often << " times");
    CHECK(often >= 10);
  }
}

TEST_CASE("a seed decides what happens when") {
  const auto kinds = ChooseKinds("", true);
  const auto one = PlanFaults(7, 60, kinds);
  const auto same = PlanFaults(7, 60, kinds);
  REQUIRE(one.size() == same.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].kind == same[i].kind);
    CHECK(one[i].at == same[i].at);
    CHECK(one[i].seed == same[i].seed);
  }
}

TEST_CASE("two faults of a group do not overlap") {
  const auto plan = PlanFaults(7, 600, ChooseKinds("", true));
  std::map<std::string_view, double> until;
  for (const PlannedFault& fault : plan) {
    if (fault.kind->group.empty()) continue;
    CHECK(until[fault.kind->group] <= fault.at);
    until[fault.kind->group] = fault.at + fault.lasting;
  }
}

TEST_CASE("one kind alone comes as often as there is time") {
  const auto plan = PlanFaults(7, 60, ChooseKinds("kill_relay", true));
  CHECK(plan.size() > 10);
  CHECK(std::all_of(plan.begin(), plan.end(), [](const auto& p) { return p.kind->name == "kill_relay"; }));
}

TEST_CASE("without a small disk none is filled") {
  CHECK(Tally(1, 10, false).count("disk_full") == 0);
  CHECK(ChooseKinds("disk_full", false).empty());
  CHECK(ChooseKinds("none", true).empty());
  CHECK(ChooseKinds("kill_relay,stop_relay", true).size() == 2);
  CHECK_THROWS_AS(ChooseKinds("no_such_fault", true), std::invalid_argument);
}

}  // namespace outbox::campaign
