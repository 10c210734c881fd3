// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <csignal>

#include "operator_fixture.h"
#include "support/catch.h"
#include "system/signals.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

// A history of `count` sent messages: message i has key k<i mod 10> and was sent (count - i) minutes ago.
void Remember(const OperatorDesk& desk, int count) {
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key, payload, headers, created_at)"
      " SELECT 't', 'k' || i % 10, 'p' || i, jsonb_build_object('n', i), now() - (" +
      std::to_string(count) + " - i) * interval '1 minute' FROM generate_series(1, " + std::to_string(count) +
      ") i; UPDATE outbox SET status = 'sent', sent_at = created_at");
}

std::string Value(const OperatorDesk& desk, const std::string& sql) { return desk.Admin().Value(sql); }

std::string CopiedPayloads(const OperatorDesk& desk) {
  return Value(desk,
               "SELECT coalesce(string_agg(payload, ' ' ORDER BY id), '') FROM outbox"
               " WHERE headers ? 'outbox-relay-replay'");
}

// Runs the command with a signal waiting for it, so that it stops after its first transaction.
Database::Answer Interrupted(const OperatorDesk& desk, const Strings& words) {
  const Signals blocked;
  pthread_kill(pthread_self(), SIGINT);
  return desk.Run(words);
}

}  // namespace

TEST_CASE("purge counts first, then deletes what was sent long enough ago, and nothing else") {
  const OperatorDesk desk;
  Remember(desk, 100);
  desk.Insert("t", "old", "failed");
  desk.Insert("t", "old");
  desk.Admin().Run("UPDATE outbox SET created_at = now() - interval '1 year' WHERE key = 'old'");
  const auto preview = desk.Run({"purge", "--older-than", "4770s"});
  CHECK(preview.exit == 0);
  CHECK(preview.out.find("would purge 20 messages") != std::string::npos);
  CHECK(Value(desk, "SELECT count(*) FROM outbox") == "102");
  CHECK(desk.Json({"purge", "--older-than", "4770s"})["messages"] == 20);
  CHECK(desk.Json({"purge", "--older-than", "4770s", "--execute", "--reason", "disk"})["messages"] == 20);
  CHECK(Value(desk, "SELECT min(id) || ' ' || count(*) FROM outbox") == "21 82");
  CHECK(Value(desk,
              "SELECT concat_ws(' ', command, role, messages, filter, reason, detail) FROM outbox_audit") ==
        "purge alice 20 {\"older_than\": \"4770s\"} disk {\"last\": 20, \"first\": 1}");
  CHECK(desk.Run({"purge", "--topic", "t", "--execute"}).exit == 0);
  CHECK(Value(desk, "SELECT string_agg(status::text, ' ' ORDER BY id) FROM outbox") == "failed pending");
  CHECK(desk.Run({"purge", "--topic", "t", "--execute"}).exit == 1);
}

TEST_CASE("purge of ids only previews as well, and passes over locked and unsent ones") {
  const OperatorDesk desk;
  Remember(desk, 3);
  const std::string pending = desk.Insert("t", "k");
  CHECK(desk.Run({"purge", "1", "2"}).exit == 0);
  CHECK(Value(desk, "SELECT count(*) FROM outbox") == "4");
  Sql somebody = desk.Admin();
  somebody.Run("BEGIN; SELECT FROM outbox WHERE id = 1 FOR UPDATE");
  const auto answer = desk.Run({"purge", "1", "2", pending, "99", "--execute"});
  CHECK(answer.exit == 0);
  CHECK(answer.err.find("message 4 is pending") != std::string::npos);
  CHECK(answer.err.find("there is no message 99") != std::string::npos);
  CHECK(Value(desk, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM outbox") == "1 3 4");
}

TEST_CASE("purge stops at a signal between two transactions, and the same command goes on") {
  const OperatorDesk desk;
  Remember(desk, 1'300);
  const Strings words = {"purge", "--topic", "t", "--execute"};
  const auto answer = Interrupted(desk, words);
  CHECK(answer.exit == 75);
  CHECK(answer.err.find("go on with --task ") != std::string::npos);
  CHECK(Value(desk, "SELECT count(*) FROM outbox") == "800");
  CHECK(desk.Run(words).exit == 0);
  CHECK(Value(desk, "SELECT count(*) FROM outbox") == "0");
  CHECK(Value(desk, "SELECT string_agg(messages::text, ' ' ORDER BY at) FROM outbox_audit") == "500 500 300");
}

TEST_CASE("replay inserts copies in the old order, with their message ids and a header") {
  const OperatorDesk desk;
  Remember(desk, 30);
  const auto preview = desk.Json({"replay", "--key", "k3"});
  CHECK(preview["executed"] == false);
  CHECK(preview["messages"] == 3);
  CHECK(preview["keys"] == 1);
  CHECK(preview["keys_that_end_older"] == 0);
  CHECK(preview["samples"].size() == 3);
  CHECK(CopiedPayloads(desk).empty());

  const auto done = desk.Json({"replay", "--key", "k3", "--execute", "--reason", "lost"});
  CHECK(done["messages"] == 3);
  CHECK(CopiedPayloads(desk) == "p3 p13 p23");
  CHECK(Value(desk,
              "SELECT count(*) FROM outbox c JOIN outbox o USING (message_id, topic, key, payload)"
              " WHERE c.id > 30 AND o.id <= 30 AND c.status = 'pending' AND c.attempts = 0"
              " AND c.headers = o.headers || jsonb_build_object('outbox-relay-replay', '" +
                  done["task"].get<std::string>() + "') AND c.created_at > o.created_at") == "3");
  CHECK(Value(desk, "SELECT concat_ws(' ', command, role, messages, reason) FROM outbox_audit") ==
        "replay alice 3 lost");
}

TEST_CASE("replay finds by time, by topic and by id, and does not copy copies unless they are named") {
  const OperatorDesk desk;
  Remember(desk, 100);
  desk.Insert("u", "k", "sent");
  CHECK(desk.Json({"replay", "--since", "150s"})["messages"] == 4);  // 98 to 101
  CHECK(desk.Json({"replay", "--since", "150s", "--topic", "u"})["messages"] == 1);
  CHECK(desk.Json({"replay", "--since", "270s", "--until", "150s"})["messages"] == 2);
  CHECK(desk.Json({"replay", "5", "3", "5"})["messages"] == 2);  // ids act at once
  CHECK(CopiedPayloads(desk) == "p3 p5");
  desk.Admin().Run("UPDATE outbox SET status = 'sent', sent_at = now()");
  CHECK(desk.Json({"replay", "--topic", "t"})["messages"] == 100);
  // Of a message id's rows only one is copied.
  const std::string uuid = Value(desk, "SELECT message_id FROM outbox WHERE id = 3");
  CHECK(desk.Json({"replay", uuid})["messages"] == 1);
  CHECK(desk.Json({"replay", "102"})["messages"] == 1);
}

TEST_CASE("replay counts keys that would end with an older state, and can bring them up to date") {
  const OperatorDesk desk;
  Remember(desk, 30);
  const Strings asked = {"replay", "--since", "1170s", "--until", "990s"};  // 11 to 13
  const auto preview = desk.Json(asked);
  CHECK(preview["messages"] == 3);
  CHECK(preview["keys_that_end_older"] == 3);
  Strings words = asked;
  words.emplace_back("--through-newest");
  const auto whole = desk.Json(words);
  CHECK(whole["messages"] == 6);
  CHECK(whole["keys_that_end_older"] == 0);
  words.emplace_back("--execute");
  CHECK(desk.Run(words).exit == 0);
  CHECK(CopiedPayloads(desk) == "p11 p12 p13 p21 p22 p23");
}

TEST_CASE("replay goes to another topic, at a rate") {
  const OperatorDesk desk;
  Remember(desk, 30);
  const auto began = std::chrono::steady_clock::now();
  CHECK(desk.Run({"replay", "--topic", "t", "--to-topic", "again", "--rate", "20", "--execute"}).exit == 0);
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(took > std::chrono::milliseconds(1'000));
  CHECK(took < std::chrono::milliseconds(4'000));
  CHECK(Value(desk, "SELECT count(*) FROM outbox WHERE topic = 'again'") == "30");
  CHECK(Value(desk, "SELECT string_agg(messages::text, ' ' ORDER BY at) FROM outbox_audit") == "20 10");
}

TEST_CASE("an interrupted replay goes on where it stopped, and repeats nothing") {
  const OperatorDesk desk;
  Remember(desk, 1'300);
  const bool through_newest = GENERATE(false, true);
  Strings words = {"replay", "--since", "90000s", "--until", "600s", "--execute", "-o", "json"};
  if (through_newest) words.emplace_back("--through-newest");
  const auto answer = Interrupted(desk, words);
  CHECK(answer.exit == 75);
  const auto json = nlohmann::json::parse(answer.out);
  CHECK(json["interrupted"] == true);
  CHECK(json["messages"] == 500);
  desk.Insert("t", "k1", "sent");  // is not of that replay
  const std::string task = json["task"];
  CHECK(desk.Run({"replay", "--task", task, "--topic", "t"}).exit == 64);
  CHECK(desk.Json({"replay", "--task", task})["messages"] == 790 + (through_newest ? 10 : 0));
  CHECK(desk.Run({"replay", "--task", task, "--execute"}).exit == 0);
  const std::string copies = through_newest ? "1300" : "1290";
  CHECK(
      Value(
          desk,
          "SELECT concat_ws(' ', count(*), count(DISTINCT message_id), bool_and(n > before)) FROM ("
          " SELECT message_id, (headers->>'n')::int AS n, lag((headers->>'n')::int, 1, 0) OVER (ORDER BY id)"
          " AS before FROM outbox WHERE headers ? 'outbox-relay-replay') c") == copies + " " + copies + " t");
  CHECK(desk.Run({"replay", "--task", task, "--execute"}).exit == 1);
}

TEST_CASE("purge and replay refuse what says nothing or too much, and who may not") {
  const OperatorDesk desk;
  Remember(desk, 3);
  for (const Strings& wrong : {Strings{"purge"},
                               {"purge", "--execute"},
                               {"purge", "--older-than", "long"},
                               {"purge", "1", "--topic", "t"},
                               {"purge", "--status", "failed"},
                               {"replay"},
                               {"replay", "--execute"},
                               {"replay", "1", "--to-topic", "a b"},
                               {"replay", "1", "--rate", "0"},
                               {"replay", "1", "--task", "0b6ff5b0-52bb-4b8d-9d4f-7d0a4f2f7c11"}}) {
    CHECK(desk.Run(wrong).exit == 64);
  }
  CHECK(desk.Run({"replay", "--task", "0b6ff5b0-52bb-4b8d-9d4f-7d0a4f2f7c11"}).exit == 1);
  CHECK(desk.Run({"replay", "99"}).exit == 1);
  CHECK(desk.Run({"replay", "--topic", "nobody"}).exit == 1);
  CHECK(desk.Run({"replay", "1"}, "mallory").exit == 77);
  CHECK(desk.Run({"purge", "--topic", "t", "--execute"}, "mallory").exit == 77);
  CHECK(Value(desk, "SELECT count(*) FROM outbox") == "3");
}

}  // namespace outbox::test
