// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "e2e/faults_scene.h"
#include "e2e/verdict.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Refuses what is older than a minute: a refusal for good that can be cured.
const std::map<std::string, std::string> kRefusesOld = {{"message.timestamp.before.max.ms", "60000"}};
const Config kQuick = {{"delivery.backoff.initial", "\"100ms\""},
                       {"delivery.backoff.max", "\"300ms\""},
                       {"delivery.max_attempts", "2"},
                       {"delivery.dead_letter_topic", "\"dead\""}};

std::int64_t InsertOld(const Stage& stage, const std::string& topic, const std::string& key) {
  return std::stoll(stage.Service().Value(
      "INSERT INTO outbox (topic, key, type, headers, payload, created_at) VALUES ('" + topic + "', '" + key +
      "', 'Paid', '{\"trace\": \"t-1\"}', '0 0', "
      "now() - interval '1 hour') RETURNING id"));
}

void InsertPlain(const Stage& stage, const std::string& topic, const std::string& key, int many) {
  stage.Service().Run("INSERT INTO outbox (topic, key, payload) SELECT '" + topic + "', '" + key +
                      "', i || ' 0' FROM generate_series(1, " + std::to_string(many) + ") i");
}

std::vector<Record> ReadAll(const Stage& stage, const std::string& topic) {
  TopicReader reader(stage.kafka().bootstrap(), {topic});
  REQUIRE(reader.ReadToEnd());
  return reader.records();
}

std::string ColumnOf(const Stage& stage, const std::string& column, std::int64_t id) {
  return stage.Superuser().Value("SELECT " + column + " FROM outbox WHERE id = " + std::to_string(id));
}

bool AwaitFailed(const Stage& stage, std::int64_t id) {
  return WaitFor([&] { return ColumnOf(stage, "status", id) == "failed"; }, seconds(20));
}

}  // namespace

TEST_CASE("a failed message is in its dead letter topic too, and its key goes on") {
  Stage stage({.config = kQuick});
  stage.Admin().CreateTopic("orders", 3, kRefusesOld);
  stage.Admin().CreateTopic("small", 1, {{"max.message.bytes", "500"}});
  stage.Admin().CreateTopic("dead", 2, {{"message.timestamp.type", "LogAppendTime"}});
  stage.Admin().CreateTopic("small.dead", 1,
                            {{"message.timestamp.type", "LogAppendTime"}, {"max.message.bytes", "700"}});
  const auto relay = stage.StartRelay({{"delivery.dead_letter_topics", "{ small = \"small.dead\" }"}});
  relay->AwaitReady();
  InsertPlain(stage, "orders", "k", 10);
  const std::int64_t old = InsertOld(stage, "orders", "k");
  InsertPlain(stage, "orders", "k", 10);
  const std::int64_t large = std::stoll(stage.Service().Value(
      "INSERT INTO outbox (topic, key, payload) SELECT 'small', 'k', string_agg(md5(i::text), '') "
      "FROM generate_series(1, 80) i RETURNING id"));
  const bool failed = AwaitFailed(stage, old) && AwaitFailed(stage, large);
  INFO(relay->log());
  REQUIRE(failed);
  REQUIRE(stage.AwaitDrained(seconds(20)));

  const auto dead = ReadAll(stage, "dead");
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].key == "k");
  CHECK(dead[0].payload == "0 0");
  CHECK(dead[0].header("id") == ColumnOf(stage, "message_id", old));
  CHECK(dead[0].header("type") == "Paid");
  CHECK(dead[0].header("trace") == "t-1");
  CHECK(dead[0].header("outbox-relay-topic") == "orders");
  CHECK(dead[0].header("outbox-relay-reason") == ColumnOf(stage, "last_error", old));
  CHECK(dead[0].header("outbox-relay-attempts") == "2");
  CHECK(ColumnOf(stage, "attempts", old) == "2");

  // Too large for that topic as well: without its payload.
  const auto small = ReadAll(stage, "small.dead");
  REQUIRE(small.size() == 1);
  CHECK_FALSE(small[0].payload);
  CHECK(small[0].header("outbox-relay-reason").starts_with("too_large: "));
  CHECK(relay->Metric("dead_letters_total", {"result=\"copied\""}) == 2);
  CHECK(relay->Metric("messages_failed_total") == 2);

  std::vector<std::string> payloads;
  for (const Record& record : ReadAll(stage, "orders")) payloads.push_back(record.payload.value_or(""));
  CHECK(payloads.size() == 20);
  CHECK(std::is_sorted(payloads.begin(), payloads.begin() + 10,
                       [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); }));
  CHECK(relay->Stop() == 0);
}

TEST_CASE(
    "while a dead letter topic is missing a message stays retrying, others flow, and it is not for ever") {
  Config config = kQuick;
  config["delivery.max_attempts"] = "20";
  Stage stage({.config = config});
  stage.Admin().CreateTopic("small", 1, {{"max.message.bytes", "500"}});
  stage.Admin().CreateTopic("orders", 3);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  const std::int64_t large = std::stoll(stage.Service().Value(
      "INSERT INTO outbox (topic, key, payload) SELECT 'small', 'k', string_agg(md5(i::text), '') "
      "FROM generate_series(1, 80) i RETURNING id"));
  InsertPlain(stage, "small", "k", 5);
  InsertPlain(stage, "small", "other", 5);
  InsertPlain(stage, "orders", "k", 1'000);
  REQUIRE(WaitFor(
      [&] { return stage.Count("sent") == 1'005 && std::stoi(ColumnOf(stage, "attempts", large)) >= 2; },
      seconds(20)));
  CHECK(ColumnOf(stage, "status", large) == "retrying");
  CHECK(ColumnOf(stage, "last_error", large)
            .starts_with("dead_letter: no copy in dead: the topic does not exist; refused for too_large: "));
  CHECK(relay->Metric("dead_letters_total", {"result=\"postponed\""}).value_or(0) >= 1);
  CHECK(relay->Metric("topics_paused") == 0);
  CHECK(relay->Metric("breaker_state", {"state=\"closed\""}) == 1);

  SECTION("until the topic is there") {
    stage.Admin().CreateTopic("dead", 1, {{"message.timestamp.type", "LogAppendTime"}});
    REQUIRE(AwaitFailed(stage, large));
    CHECK(ReadAll(stage, "dead").size() == 1);
  }
  SECTION("until it was tried as often again") {
    stage.Superuser().Run("UPDATE outbox SET attempts = 37 WHERE id = " + std::to_string(large));
    REQUIRE(AwaitFailed(stage, large));
    CHECK(ColumnOf(stage, "attempts", large) == "40");
    CHECK(
        ColumnOf(stage, "last_error", large).ends_with("; without a copy in dead: the topic does not exist"));
    CHECK(relay->Metric("dead_letters_total", {"result=\"given_up\""}) == 1);
  }
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CHECK(stage.Count("sent") == 1'010);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("with on_failed = block a key waits behind a failed message that was copied") {
  Config config = kQuick;
  config["outbox.on_failed"] = "\"block\"";
  Stage stage({.config = config, .schema_arguments = {"--on-failed", "block"}});
  stage.Admin().CreateTopic("orders", 1, kRefusesOld);
  stage.Admin().CreateTopic("dead", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto relay = stage.StartRelay();
  const std::int64_t old = InsertOld(stage, "orders", "k");
  InsertPlain(stage, "orders", "k", 5);
  InsertPlain(stage, "orders", "other", 5);
  REQUIRE(AwaitFailed(stage, old));
  CHECK(WaitFor([&] { return stage.Count("sent") == 5; }));
  CHECK(ReadAll(stage, "dead").size() == 1);
  CHECK(stage.Count("pending") == 5);
  // Somebody mends the cause and tries again: in order.
  stage.Admin().AlterTopicConfig("orders", {});
  CHECK(Run({RelayBinary(), "retry", std::to_string(old), "--conninfo",
             stage.postgres().conninfo("app", "operator")})
            .exit == 0);
  REQUIRE(stage.AwaitDrained(seconds(20)));
  CHECK(stage.Count("sent") == 11);
  CHECK(relay->Stop() == 0);
}

TEST_CASE("killed between the copy and the settlement, a relay leaves a message that fails again") {
  Stage stage({.config = kQuick});
  stage.Admin().CreateTopic("small", 1, {{"max.message.bytes", "500"}});
  stage.Admin().CreateTopic("dead", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const std::int64_t large = std::stoll(stage.Service().Value(
      "INSERT INTO outbox (topic, key, payload) SELECT 'small', 'k', string_agg(md5(i::text), '') "
      "FROM generate_series(1, 80) i RETURNING id"));
  setenv("OUTBOX_RELAY_KILL_AT", "copied:1", 1);
  const auto mortal = stage.StartRelay({}, {"run"}, MutantBinary());
  unsetenv("OUTBOX_RELAY_KILL_AT");
  const auto exit = mortal->process().Wait(seconds(20));
  INFO(mortal->log());
  REQUIRE(exit == 128 + SIGKILL);
  CHECK(ColumnOf(stage, "status", large) == "pending");
  CHECK(ReadAll(stage, "dead").size() == 1);
  const auto relay = stage.StartRelay();
  REQUIRE(AwaitFailed(stage, large));
  const auto dead = ReadAll(stage, "dead");
  REQUIRE(dead.size() == 2);
  CHECK(dead[0].header("id") == dead[1].header("id"));
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
