// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "core/pace.h"
#include "support/catch.h"
#include "unit/core_fixture.h"

namespace outbox::test {
namespace {

constexpr TimePoint kStart{seconds(1'000)};
constexpr std::int64_t kBatch = 2'000;

// Claims every millisecond, of outboxes that hold so many messages of each topic.
class PacedOutbox {
 public:
  PacedOutbox(PaceSettings settings, std::map<std::string, std::int64_t> backlog)
      : pace_(std::move(settings)), backlog_(std::move(backlog)) {}

  void Run(milliseconds time) {
    for (const TimePoint end = now_ + time; now_ < end; now_ += milliseconds(1)) Claim();
  }
  void Insert(const std::string& topic, std::int64_t many) { backlog_[topic] += many; }
  std::int64_t claimed(const std::string& topic) { return claimed_[topic]; }
  Pace& pace() { return pace_; }
  TimePoint now() const { return now_; }
  std::vector<std::string> held;

 private:
  void Claim() {
    const auto grant = pace_.Take(now_, held);
    if (!grant) return;
    const auto apart = pace_.apart();
    std::vector<Message> messages;
    const std::int64_t most = std::min(kBatch, grant->messages);
    // In the order of a map, so that what comes first in it fills the batch.
    for (auto& [topic, many] : backlog_) {
      const bool alone = std::find(apart.begin(), apart.end(), topic) != apart.end();
      if (grant->topic.empty() ? alone : topic != grant->topic) continue;
      for (; many > 0 && static_cast<std::int64_t>(messages.size()) < most; --many) {
        messages.push_back(MakeMessage(1, topic, "k"));
        ++claimed_[topic];
      }
    }
    const bool full = static_cast<std::int64_t>(messages.size()) == most;
    pace_.Spent(*grant, {.messages = messages, .full = full, .nothing_due = messages.empty()}, now_);
  }

  Pace pace_;
  std::map<std::string, std::int64_t> backlog_;
  std::map<std::string, std::int64_t> claimed_;
  TimePoint now_ = kStart;
};

bool Within(std::int64_t value, std::int64_t expected, double share) {
  const auto wanted = static_cast<double>(expected);
  return std::abs(static_cast<double>(value) - wanted) <= share * wanted;
}

TEST_CASE("without limits whatever is asked for is granted", "[pace]") {
  Pace pace({});
  CHECK_FALSE(pace.on());
  for (int i = 0; i < 3; ++i) {
    const auto grant = pace.Take(kStart, {});
    REQUIRE(grant);
    CHECK(grant->topic.empty());
    CHECK(grant->messages == Pace::kUnlimited);
    CHECK_FALSE(grant->limited);
  }
  CHECK(pace.apart().empty());
}

TEST_CASE("a limit holds on average, from the first second on", "[pace]") {
  for (const int rate : {1, 30, 1'000, 50'000}) {
    CAPTURE(rate);
    PacedOutbox drain({.messages_per_second = rate}, {{"t", 10'000'000}});
    drain.Run(seconds(1));
    CHECK(drain.claimed("t") <= rate + rate / 20 + 1);
    drain.Run(seconds(59));
    CHECK(Within(drain.claimed("t"), 60 * rate, rate == 1 ? 0.05 : 0.02));
  }
}

TEST_CASE("what was not used is saved for a second only", "[pace]") {
  PacedOutbox drain({.messages_per_second = 1'000}, {});
  drain.Run(seconds(60));
  drain.Insert("t", 1'000'000);
  drain.Run(seconds(10));
  CHECK(drain.claimed("t") <= 11'100);
  CHECK(drain.claimed("t") >= 10'800);
}

TEST_CASE("a limit of bytes holds, although the first message is always taken", "[pace]") {
  const auto size = static_cast<std::int64_t>(MakeMessage(1, "t", "k").bytes());
  Pace pace({.bytes_per_second = 10 * size});
  std::int64_t claimed = 0;
  for (int i = 0; i < 60'000; ++i) {
    const TimePoint now = kStart + milliseconds(i);
    const auto grant = pace.Take(now, {});
    if (!grant) continue;
    CHECK(grant->bytes >= 1);
    // Of large messages, which are more than is left.
    const std::vector<Message> messages(7, MakeMessage(1, "t", "k"));
    pace.Spent(*grant, {.messages = messages, .full = true, .nothing_due = false}, now);
    claimed += 7;
  }
  CHECK(Within(claimed, 600, 0.03));
}

TEST_CASE("several claims at once share what is left", "[pace]") {
  Pace pace({.messages_per_second = 100});
  const auto nothing = pace.Take(kStart, {});
  pace.Spent(*nothing, {.messages = {}, .full = false, .nothing_due = true}, kStart);
  const TimePoint later = kStart + seconds(5);
  const auto first = pace.Take(later, {});
  REQUIRE(first);
  CHECK(first->messages == 100);
  CHECK_FALSE(pace.Take(later, {}));
  pace.Spent(*first, {}, later);  // it failed
  CHECK(pace.Take(later, {})->messages == 100);
}

TEST_CASE("a topic with a limit is apart and slows nobody", "[pace]") {
  PacedOutbox drain({.by_topic = {{"bulk", {.messages = 500}}}}, {{"bulk", 1'000'000}, {"orders", 0}});
  CHECK(drain.pace().apart() == std::vector<std::string>{"bulk"});
  for (int i = 0; i < 20; ++i) {
    drain.Insert("orders", 1'000);
    drain.Run(milliseconds(500));
    CHECK(drain.claimed("orders") == 1'000 * (i + 1));
  }
  CHECK(Within(drain.claimed("bulk"), 5'000, 0.05));
}

TEST_CASE("a topic that crowds out the others under a common limit is claimed in turn with them", "[pace]") {
  PacedOutbox drain({.messages_per_second = 1'000}, {{"a", 1'000'000}, {"z", 0}});
  drain.Run(seconds(1));
  CHECK(drain.pace().apart() == std::vector<std::string>{"a"});
  for (int i = 0; i < 100; ++i) {
    drain.Insert("z", 1);
    drain.Run(milliseconds(120));
    CHECK(drain.claimed("z") == i + 1);
  }
  CHECK(Within(drain.claimed("a") + drain.claimed("z"), 13'000, 0.03));
}

TEST_CASE("where topics cannot be apart a common limit holds, and nobody is set apart", "[pace]") {
  Pace pace({.messages_per_second = 1'000}, false);
  std::int64_t claimed = 0;
  for (int i = 0; i < 10'000; ++i) {
    const TimePoint now = kStart + milliseconds(i);
    const auto grant = pace.Take(now, {});
    if (!grant) continue;
    REQUIRE(grant->topic.empty());
    const std::vector<Message> messages(static_cast<std::size_t>(grant->messages), MakeMessage(1, "t", "k"));
    pace.Spent(*grant, {.messages = messages, .full = true, .nothing_due = false}, now);
    claimed += grant->messages;
  }
  CHECK(pace.apart().empty());
  CHECK(Within(claimed, 10'000, 0.05));
}

TEST_CASE("two topics with backlogs share a common limit", "[pace]") {
  PacedOutbox drain({.messages_per_second = 1'000}, {{"a", 1'000'000}, {"z", 1'000'000}});
  drain.Run(seconds(60));
  CHECK(Within(drain.claimed("a"), 30'000, 0.05));
  CHECK(Within(drain.claimed("z"), 30'000, 0.05));
}

TEST_CASE("a topic that has caught up is one of the others again", "[pace]") {
  PacedOutbox drain({.messages_per_second = 1'000}, {{"a", 2'000}});
  drain.Run(seconds(1));
  CHECK(drain.pace().apart().size() == 1);
  drain.Run(seconds(10));
  CHECK(drain.pace().apart().empty());
  CHECK(drain.claimed("a") == 2'000);
  CHECK(drain.pace().nothing_due());
}

TEST_CASE("after an outage the limits come back within the ramp", "[pace]") {
  PacedOutbox drain({.messages_per_second = 1'000, .ramp = seconds(30)}, {{"t", 1'000'000}});
  drain.Run(seconds(10));
  drain.pace().OnRecovered(drain.now());
  std::int64_t before = drain.claimed("t");
  const auto in_the_last = [&] { return drain.claimed("t") - std::exchange(before, drain.claimed("t")); };
  drain.Run(seconds(3));
  CHECK(Within(in_the_last(), 300, 0.1));
  drain.Run(seconds(12));
  CHECK(Within(in_the_last(), 3'600, 0.05));
  drain.Run(seconds(15));
  CHECK(Within(in_the_last(), 11'250, 0.05));
  drain.Run(seconds(10));
  CHECK(Within(in_the_last(), 10'000, 0.03));
}

TEST_CASE("a topic that is held has no turn, and nothing is due of it", "[pace]") {
  PacedOutbox drain({.by_topic = {{"bulk", {.messages = 500}}}}, {{"bulk", 100}});
  drain.held = {"bulk"};
  drain.Run(seconds(1));
  CHECK(drain.claimed("bulk") == 0);
  CHECK(drain.pace().nothing_due());
  drain.held.clear();
  drain.Run(seconds(1));
  CHECK(drain.claimed("bulk") == 100);
}

TEST_CASE("new limits are in force at once", "[pace]") {
  PacedOutbox drain({.messages_per_second = 10, .by_topic = {{"b", {.messages = 1}}}}, {{"t", 1'000'000}});
  drain.Run(seconds(1));
  drain.pace().Set({.messages_per_second = 1'000});
  const std::int64_t before = drain.claimed("t");
  drain.Run(seconds(10));
  CHECK(Within(drain.claimed("t") - before, 10'000, 0.05));
  drain.pace().Set({.by_topic = {{"b", {.messages = 1}}}});
  auto grant = drain.pace().Take(drain.now() + seconds(1), {});  // a claim is out while a limit comes
  if (grant && !grant->topic.empty()) grant = drain.pace().Take(drain.now() + seconds(1), {});
  REQUIRE(grant);
  REQUIRE(grant->messages == Pace::kUnlimited);
  drain.pace().Set({.messages_per_second = 1'000});
  drain.pace().Spent(*grant, {}, drain.now() + seconds(1));
  const auto next = drain.pace().Take(drain.now() + seconds(2), {});
  REQUIRE(next);
  CHECK(next->messages > 0);
  CHECK(next->messages <= 1'000);
  drain.pace().Set({});
  CHECK(drain.pace().apart().empty());
  CHECK_FALSE(drain.pace().on());
}

}  // namespace
}  // namespace outbox::test
