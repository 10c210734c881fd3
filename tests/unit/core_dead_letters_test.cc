// SPDX-License-Identifier: Apache-2.0
#include "core/dead_letters.h"
#include "fakes/scripted_publisher.h"
#include "support/catch.h"
#include "unit/core_fixture.h"

namespace outbox::test {
namespace {

// One batch of which some messages were judged failed.
struct Letters {
  StepClock clock;
  const Environment env = clock.environment();
  ScriptedPublisher broker;
  DeadLetterSettings topics{.topic = "dead"};
  RetryPolicy retry{.max_attempts = 3, .backoff = {}};
  std::vector<Message> messages{MakeMessage(1, "orders", "k"), MakeMessage(2, "orders", "k")};
  std::vector<Report> reports{kPersistedReport, kRefusal};
  Settlement settlement{.outcomes = {Outcome::kSent, Outcome::kFailed},
                        .refusals = {{.index = 1, .error = "policy: \"no\""}}};
  milliseconds time{2'000};

  DeadLetterTally Publish() {
    const DeadLetters::Task task{.messages = messages,
                                 .memory = nullptr,
                                 .reports = reports,
                                 .until = clock.now() + time,
                                 .topics = topics,
                                 .retry = retry};
    return DeadLetters(task, broker, env).Publish(settlement);
  }
  const Refusal& refusal() const { return settlement.refusals.front(); }
};

TEST_CASE("a failed message is copied, alone and with what became of it, and then failed", "[dead_letters]") {
  Letters letters;
  letters.messages[1].attempts = 2;
  letters.messages[1].headers = R"({"a": 1, "outbox-relay-topic": "forged"})";
  CHECK(letters.Publish().copied == 1);
  CHECK(letters.settlement.outcomes == std::vector<Outcome>{Outcome::kSent, Outcome::kFailed});
  const auto log = letters.broker.log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].topic == "dead");
  CHECK(log[0].id == 2);
  CHECK(log[0].message_id == letters.messages[1].message_id);
  CHECK(log[0].key == "k");
  CHECK(log[0].payload == "payload");
  CHECK(log[0].road == Road::kAlone);
  CHECK(log[0].headers == R"({"a": 1, "outbox-relay-topic": "forged","outbox-relay-topic":"orders",)"
                          R"("outbox-relay-reason":"policy: \"no\"","outbox-relay-attempts":"3"})");
}

TEST_CASE("headers that are no object, or empty, are no part of the copy", "[dead_letters]") {
  for (const char* headers : {"", "{}", "[1]", "{\"a\": "}) {
    CAPTURE(headers);
    Letters letters;
    letters.messages[1].headers = headers;
    letters.settlement.refusals[0].error = "other: x\ny";
    letters.Publish();
    CHECK(
        letters.broker.log().at(0).headers ==
        R"({"outbox-relay-topic":"orders","outbox-relay-reason":"other: x\u000ay","outbox-relay-attempts":"1"})");
  }
}

TEST_CASE("each topic may have a topic of its own for this, or none", "[dead_letters]") {
  const DeadLetterSettings topics{.topic = "dead", .by_topic = {{"orders", "orders.dead"}, {"noise", ""}}};
  CHECK(DeadLetterTopicOf(topics, "orders") == "orders.dead");
  CHECK(DeadLetterTopicOf(topics, "others") == "dead");
  CHECK(DeadLetterTopicOf(topics, "noise").empty());
  CHECK(DeadLetterTopicOf(topics, "dead").empty());
  Letters letters;
  letters.topics = {.by_topic = {{"bills", "bills.dead"}}};
  const DeadLetterTally tally = letters.Publish();
  CHECK(tally.copied + tally.postponed == 0);
  CHECK(letters.settlement.outcomes[1] == Outcome::kFailed);
  CHECK(letters.broker.asked().empty());
}

TEST_CASE("a message whose copy does not arrive stays retrying and says why", "[dead_letters]") {
  Letters letters;
  std::string why;
  SECTION("its topic is missing") {
    letters.broker.SetTopic("dead", TopicState::kUnknown);
    why = "the topic does not exist";
  }
  SECTION("its topic may not be written to") {
    letters.broker.SetTopic("dead", TopicState::kUnauthorized);
    why = "not allowed to write to the topic";
  }
  SECTION("it is refused as well") { letters.broker.AnswerTopic("dead", kRefusal); }
  SECTION("there is no producer") {
    letters.broker.SetOpens(false);
    why = "there is no producer at the moment";
  }
  SECTION("nothing is heard of it") { letters.broker.Hold(); }
  SECTION("there is no time") {
    letters.time = milliseconds(0);
    why = "there was no time left";
  }
  CHECK(letters.Publish().postponed == 1);
  CHECK(letters.settlement.outcomes == std::vector<Outcome>{Outcome::kSent, Outcome::kRetry});
  CHECK(letters.refusal().error.starts_with("dead_letter: no copy in dead: " + why));
  CHECK(letters.refusal().error.ends_with("; refused for policy: \"no\""));
  CHECK(letters.refusal().delay <= letters.retry.backoff.max);
  CHECK(letters.broker.log().empty());
}

TEST_CASE("after as many attempts again a message is failed without a copy", "[dead_letters]") {
  Letters letters;
  letters.broker.SetTopic("dead", TopicState::kUnknown);
  letters.messages[1].attempts = 4;
  CHECK(letters.Publish().postponed == 1);
  letters.messages[1].attempts = 5;
  letters.settlement.outcomes[1] = Outcome::kFailed;
  letters.settlement.refusals[0].error = "policy: no";
  CHECK(letters.Publish().given_up == 1);
  CHECK(letters.settlement.outcomes[1] == Outcome::kFailed);
  CHECK(letters.refusal().error == "policy: no; without a copy in dead: the topic does not exist");
}

TEST_CASE("a copy that is too large goes without its payload", "[dead_letters]") {
  Letters letters;
  letters.broker.AnswerId(2, kTooLarge);
  CHECK(letters.Publish().copied == 1);
  CHECK(letters.settlement.outcomes[1] == Outcome::kFailed);
  const auto handed_over = letters.broker.handed_over();
  REQUIRE(handed_over.size() == 2);
  CHECK(handed_over[0].payload);
  CHECK_FALSE(handed_over[1].payload);
}

TEST_CASE("a payload that was never fetched is no part of the copy", "[dead_letters]") {
  Letters letters;
  letters.messages[1].oversize = 10'000'000;
  letters.messages[1].payload.reset();
  CHECK(letters.Publish().copied == 1);
  CHECK_FALSE(letters.broker.log().at(0).payload);
}

TEST_CASE("of many copies each is judged by its own report", "[dead_letters]") {
  Letters letters;
  letters.messages = {MakeMessage(1, "orders", "a"), MakeMessage(2, "bills", "b"),
                      MakeMessage(3, "orders", "c")};
  letters.reports.assign(3, kRefusal);
  letters.topics.by_topic = {{"bills", "missing"}};
  letters.broker.SetTopic("missing", TopicState::kUnknown);
  letters.broker.AnswerId(3, kRefusal);
  letters.settlement = {
      .outcomes = {Outcome::kFailed, Outcome::kFailed, Outcome::kFailed},
      .refusals = {{.index = 0, .error = "a"}, {.index = 1, .error = "b"}, {.index = 2, .error = "c"}}};
  const DeadLetterTally tally = letters.Publish();
  CHECK(tally.copied == 1);
  CHECK(tally.postponed == 2);
  CHECK(letters.settlement.outcomes ==
        std::vector<Outcome>{Outcome::kFailed, Outcome::kRetry, Outcome::kRetry});
}

}  // namespace
}  // namespace outbox::test
