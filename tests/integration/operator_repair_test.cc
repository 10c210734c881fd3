// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <csignal>

#include "fakes/recording_observer.h"
#include "operator_fixture.h"
#include "postgres/postgres_store.h"
#include "support/catch.h"
#include "system/signals.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

// The ids that a relay's next claim takes, in its order.
Strings Claimed(const OperatorDesk& desk) {
  PostgresSettings server;
  server.conninfo = desk.conninfo("postgres");
  RecordingObserver observer;
  PostgresStore store(server, OutboxSettings(), observer);
  const auto session = store.Connect();
  // The first claims only learn of the server's past.
  for (int claim = 0; claim < 3; ++claim) session->Claim({});
  const auto batch = session->Claim({});
  Strings ids;
  for (const Message& message : batch->messages()) ids.push_back(std::to_string(message.id));
  return ids;
}

}  // namespace

TEST_CASE("the failed messages of a key are retried together, and newer ones wait") {
  const OperatorDesk desk;
  const std::string first = desk.Insert("t", "k", "failed");
  const std::string second = desk.Insert("t", "k", "failed");
  const std::string waiting = desk.Insert("t", "k", "retrying");
  const std::string newer = desk.Insert("t", "k");
  const std::string other = desk.Insert("t", "l", "failed");
  CHECK(desk.Run({"retry", second}).exit == 0);
  for (const std::string& id : {first, second, waiting}) CHECK(desk.Status(id) == "retrying");
  CHECK(desk.Status(newer) == "pending");
  CHECK(desk.Status(other) == "failed");
  Sql sql = desk.Admin();
  CHECK(
      sql.Value("SELECT string_agg(attempts::text, ' ' ORDER BY id) FROM outbox WHERE status = 'retrying'") ==
      "0 0 3");
  CHECK(sql.Value("SELECT count(DISTINCT next_attempt_at) FROM outbox WHERE next_attempt_at <= now()") ==
        "1");
  CHECK(Claimed(desk) == Strings{first, second, waiting});
  CHECK(sql.Value("SELECT concat_ws(' ', command, role, messages, filter, os_user <> '', host <> '') FROM "
                  "outbox_audit") == "retry alice 3 {\"ids\": [\"2\"]} t t");
}

TEST_CASE("a lane that a relay holds is busy: retry says so, names it and changes nothing") {
  const OperatorDesk desk;
  const std::string held = desk.Insert("t", "k", "failed");
  const std::string lane = desk.Admin().Value("SELECT lane FROM outbox");
  Sql relay = desk.Admin();
  relay.Run(
      "SET application_name = 'outbox-relay orders worker'; BEGIN;"
      "SELECT pg_advisory_xact_lock('outbox'::regclass::oid::integer, " +
      lane + ")");
  const auto answer = desk.Run({"retry", held});
  CHECK(answer.exit == 75);
  CHECK(answer.err.find("lane " + lane + " is busy: held by process ") != std::string::npos);
  CHECK(answer.err.find("(role postgres, application outbox-relay orders worker)") != std::string::npos);
  CHECK(desk.Status(held) == "failed");
  CHECK(desk.Admin().Value("SELECT count(*) FROM outbox_audit") == "0");
}

TEST_CASE("a busy lane does not keep the others from being retried") {
  const OperatorDesk desk;
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key) SELECT 't', 'k' || i FROM generate_series(1, 200) i;"
      "UPDATE outbox SET status = 'failed'");
  Sql relay = desk.Admin();
  relay.Run("BEGIN; SELECT outbox_hold('t', 'k1')");
  CHECK(desk.Run({"retry", "--topic", "t", "--execute"}).exit == 75);
  CHECK(desk.Admin().Value("SELECT count(DISTINCT lane) FROM outbox WHERE status = 'failed'") == "1");
  relay.Run("ROLLBACK");
  CHECK(desk.Run({"retry", "--topic", "t", "--execute"}).exit == 0);
  CHECK(desk.Admin().Value("SELECT count(*) FROM outbox WHERE status = 'failed'") == "0");
}

TEST_CASE("a signal ends bulk work between two transactions, and the same command goes on") {
  const OperatorDesk desk;
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key) SELECT 't', 'k' || i FROM generate_series(1, 200) i;"
      "UPDATE outbox SET status = 'failed'");
  const Signals blocked;
  pthread_kill(pthread_self(), SIGINT);  // is waited for by the command
  const Strings words = {"discard", "--topic", "t", "--reason", "x", "--execute"};
  const auto answer = desk.Run(words);
  CHECK(answer.exit == 75);
  CHECK(answer.err.find("go on with --task ") != std::string::npos);
  Sql sql = desk.Admin();
  CHECK(sql.Value("SELECT count(*) FROM outbox_audit") == "1");
  CHECK(sql.Value("SELECT count(*) + (SELECT sum(messages) FROM outbox_audit) FROM outbox") == "200");
  CHECK(desk.Run(words).exit == 0);
  CHECK(sql.Value("SELECT count(*) FROM outbox") == "0");
}

TEST_CASE("a filter counts and shows, and changes only when told to") {
  const OperatorDesk desk;
  const std::string failed = desk.Insert("t", "k", "failed");
  const std::string other = desk.Insert("u", "k", "failed");
  const auto preview = desk.Run({"retry", "--topic", "t"});
  CHECK(preview.exit == 0);
  CHECK(preview.out.find("would retry 1 message,") != std::string::npos);
  CHECK(preview.err.find("--execute") != std::string::npos);
  CHECK(desk.Status(failed) == "failed");
  const auto json = desk.Json({"retry", "--status", "failed"});
  CHECK(json["executed"] == false);
  CHECK(json["messages"] == 2);
  CHECK(desk.Json({"retry", "--error", "too large", "--topic", "t", "--execute"})["messages"] == 1);
  CHECK(desk.Status(failed) == "retrying");
  CHECK(desk.Status(other) == "failed");
  CHECK(desk.Run({"retry", "--topic", "t", "--execute"}).exit == 1);
  CHECK(desk.Run({"retry", "--topic", "t"}).exit == 1);
}

TEST_CASE("bulk work is in transactions of at most 500, and keys stay whole") {
  const OperatorDesk desk;
  // One lane: 40 keys of 30 messages, and a key that is too large for a transaction.
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key) SELECT 't', k FROM (SELECT 'k' || i AS k FROM generate_series(1, "
      "9999) i"
      " WHERE hashtextextended('k' || i, 0) & 63 = 7 LIMIT 40) keys, generate_series(1, 30) i;"
      "INSERT INTO outbox (topic, key) SELECT 'u', (SELECT min(key) FROM outbox) FROM generate_series(1, "
      "700);"
      "UPDATE outbox SET status = 'failed'");
  const std::string task = "0b6ff5b0-52bb-4b8d-9d4f-7d0a4f2f7c11";
  CHECK(desk.Run({"retry", "--topic", "t", "--topic", "u", "--execute", "--task", task}).exit == 0);
  Sql sql = desk.Admin();
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE status <> 'retrying'") == "0");
  CHECK(sql.Value("SELECT string_agg(messages::text, ' ' ORDER BY at) FROM outbox_audit") ==
        "480 480 240 500 200");
  CHECK(sql.Value("SELECT count(DISTINCT task) FROM outbox_audit") == "1");
  // Rows of one transaction share its time.
  CHECK(sql.Value("SELECT count(*) FROM (SELECT FROM outbox WHERE topic = 't' GROUP BY key"
                  " HAVING count(DISTINCT next_attempt_at) > 1) k") == "0");
  CHECK(
      sql.Value(
          "SELECT max(id) FILTER (WHERE next_attempt_at = first) < min(id) FILTER (WHERE next_attempt_at >"
          " first) FROM (SELECT *, min(next_attempt_at) OVER () AS first FROM outbox WHERE topic = 'u') u") ==
      "t");
}

TEST_CASE("discard deletes what was not sent, and remembers ids, topics and errors") {
  const OperatorDesk desk;
  const std::string failed = desk.Insert("t", "k", "failed");
  const std::string pending = desk.Insert("t", "k");
  const std::string sent = desk.Insert("t", "k", "sent");
  CHECK(desk.Run({"discard", failed}).exit == 64);  // without a reason
  const auto answer = desk.Run({"discard", failed, pending, sent, "99", "--reason", "it's wrong"});
  CHECK(answer.exit == 0);
  CHECK(answer.err.find("message 3 is sent") != std::string::npos);
  CHECK(answer.err.find("there is no message 99") != std::string::npos);
  CHECK(desk.Admin().Value("SELECT string_agg(status::text, ' ') FROM outbox") == "sent");
  CHECK(desk.Admin().Value("SELECT concat_ws(' ', messages, reason, detail->0->>'error', detail->1->>'topic',"
                           " detail::text LIKE '%secret%') FROM outbox_audit") ==
        "2 it's wrong Broker: too large t f");
  CHECK(desk.Run({"discard", sent, "--reason", "x"}).exit == 1);
}

TEST_CASE("discard means failed messages unless told otherwise, and passes over locked ones") {
  const OperatorDesk desk;
  const std::string failed = desk.Insert("t", "k", "failed");
  const std::string locked = desk.Insert("t", "k", "failed");
  const std::string pending = desk.Insert("t", "k");
  Sql somebody = desk.Admin();
  somebody.Run("BEGIN; SELECT FROM outbox WHERE id = " + locked + " FOR UPDATE");
  const auto answer = desk.Run({"discard", "--topic", "t", "--reason", "x", "--execute"});
  CHECK(answer.exit == 0);
  CHECK(answer.err.find("locked them: " + locked) != std::string::npos);
  CHECK(desk.Status(failed) == "gone");
  CHECK(desk.Status(locked) == "failed");
  CHECK(desk.Status(pending) == "pending");
  CHECK(desk.Json(
            {"discard", "--status", "pending", "--key", "k", "--reason", "x", "--execute"})["messages"] == 1);
}

TEST_CASE("a message id names what it names") {
  const OperatorDesk desk;
  const std::string failed = desk.Insert("t", "k", "failed");
  std::string uuid = desk.Admin().Value("SELECT upper(message_id::text) FROM outbox");
  const auto answer = desk.Run({"retry", uuid});
  CHECK(answer.exit == 0);
  CHECK(answer.err.empty());
  CHECK(desk.Status(failed) == "retrying");
}

TEST_CASE("repairs that say nothing, too much, or have no right are refused") {
  const OperatorDesk desk;
  const std::string failed = desk.Insert("t", "k", "failed");
  for (const Strings& wrong : {Strings{"retry"},
                               {"retry", "--execute"},
                               {"retry", "1", "--topic", "t"},
                               {"retry", "--status", "sent"},
                               {"retry", "1", "--task", "mine"},
                               {"discard", "--reason", "x"},
                               {"discard", "--topic", "t", "--reason", ""}}) {
    CHECK(desk.Run(wrong).exit == 64);
  }
  CHECK(desk.Run({"retry", failed}, "mallory").exit == 77);
  CHECK(desk.Status(failed) == "failed");
}

}  // namespace outbox::test
