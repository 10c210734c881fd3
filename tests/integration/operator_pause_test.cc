// SPDX-License-Identifier: Apache-2.0
#include "fakes/recording_observer.h"
#include "operator_fixture.h"
#include "postgres/postgres_store.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// What a relay hears of outbox_control with its next claim.
SharedControl Heard(const OperatorDesk& desk) {
  PostgresSettings server;
  server.conninfo = desk.conninfo("postgres");
  RecordingObserver observer;
  PostgresStore store(server, OutboxSettings(), observer);
  const auto session = store.Connect();
  session->Claim({});
  return session->control();
}

}  // namespace

TEST_CASE("a pause is heard by relays, says who and why, and ends by command") {
  const OperatorDesk desk;
  const auto answer = desk.Run({"pause", "--reason", "broker upgrade"});
  CHECK(answer.exit == 0);
  CHECK(answer.out.find("paused everything by alice since 2") == 0);
  CHECK(answer.out.find(": broker upgrade\n") != std::string::npos);
  CHECK(Heard(desk).paused);
  CHECK(Heard(desk).paused_reason == "broker upgrade");

  CHECK(desk.Run({"resume"}).exit == 0);
  CHECK_FALSE(Heard(desk).paused);
  CHECK(desk.Admin().Value("SELECT string_agg(command || ' ' || role, ', ' ORDER BY at) FROM outbox_audit") ==
        "pause alice, resume alice");
}

TEST_CASE("a topic is paused for a time") {
  const OperatorDesk desk;
  const auto json = desk.Json({"pause", "--topic", "orders", "--for", "1h"});
  CHECK(json["paused"] == true);
  CHECK(json["topic"] == "orders");
  CHECK(json["until"].is_string());
  CHECK(Heard(desk).paused_topics == std::vector<std::string>{"orders"});
  CHECK_FALSE(Heard(desk).paused);
  CHECK(desk.Admin().Value("SELECT until - since BETWEEN interval '59 min' AND interval '61 min' FROM "
                           "outbox_control WHERE name = 'paused:orders'") == "t");
  CHECK(desk.Run({"pause", "--topic", "orders", "--for", "1ms"}).exit == 0);
  CHECK(desk.Admin().Value("SELECT count(*) FROM outbox_control WHERE name LIKE 'paused%'") == "1");
  CHECK(Heard(desk).paused_topics.empty());
  CHECK(desk.Run({"resume", "--topic", "orders"}).exit == 1);  // it had ended by itself
}

TEST_CASE("resume ends the pause that it names, and tells of others") {
  const OperatorDesk desk;
  CHECK(desk.Run({"pause", "--topic", "orders"}).exit == 0);
  const auto answer = desk.Run({"resume"});
  CHECK(answer.exit == 1);
  CHECK(answer.err.find("everything was not paused") == 0);
  CHECK(answer.err.find("still paused: topic orders by alice") != std::string::npos);
}

TEST_CASE("a pause that relays could misread, or without rights, is refused") {
  const OperatorDesk desk;
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--reason",
                                                                         "a\x1e"
                                                                         "b"},
                                                {"--reason", ""},
                                                {"--topic", "a b"},
                                                {"--topic", ""},
                                                {"--for", "soon"},
                                                {"--for", "0s"},
                                                {"--for", "99999999d"},
                                                {"everything"}}) {
    std::vector<std::string> words = wrong;
    words.insert(words.begin(), "pause");
    CHECK(desk.Run(words).exit == 64);
  }
  const auto denied = desk.Run({"pause"}, "mallory");
  CHECK(denied.exit == 77);
  CHECK(denied.err.find("remedy: GRANT outbox_operator") != std::string::npos);
  const auto json = desk.Run({"pause", "-o", "json"}, "mallory");
  CHECK(nlohmann::json::parse(json.err)["error"]["code"] == "not_permitted");
  CHECK(desk.Admin().Value("SELECT count(*) FROM outbox_control WHERE name LIKE 'paused%'") == "0");
  CHECK(desk.Run({"pause", "--schema", "elsewhere"}).exit == 78);
}

}  // namespace outbox::test
