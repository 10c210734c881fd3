// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "operator_fixture.h"
#include "support/catch.h"
#include "support/wait.h"
#include "system/signals.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

std::vector<nlohmann::json> Lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

void Await(const OperatorDesk& desk, const std::string& condition) {
  Sql sql = desk.Admin();
  const bool came = WaitFor([&] { return sql.Value("SELECT " + condition) == "t"; }, seconds(20));
  if (!came) throw std::runtime_error("never came: " + condition);
}

// Once `condition` holds, somebody does `act`.
std::thread Meanwhile(const OperatorDesk& desk, const std::string& condition, const std::string& act) {
  return std::thread([&desk, condition, act] {
    Await(desk, condition);
    desk.Admin().Run(act);
  });
}

constexpr const char* kInserted = "EXISTS (SELECT FROM outbox WHERE status = 'pending')";

// The command's session rests after this statement, which it began since a moment.
std::string Asked(const std::string& statement, const std::string& since) {
  return "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
         " AND application_name = 'outbox-relay command' AND query LIKE '%outbox-relay: " +
         statement + "%' AND query_start > " + since + ")";
}

// Returns when a tail has seen all that was committed until now: its second look from now on has.
void AwaitLook(const OperatorDesk& desk) {
  for (int look = 0; look < 2; ++look) {
    Await(desk, Asked("what changed", "'" + desk.Admin().Value("SELECT clock_timestamp()") + "'"));
  }
}

}  // namespace

TEST_CASE("publish inserts a message as a service would, and leaves a note") {
  const OperatorDesk desk;
  const auto json = desk.Json({"publish", "--topic", "t", "--key", "k", "--type", "made", "--payload", "p",
                               "--header", "a=b=c", "--header", "d="});
  CHECK(json["status"] == "pending");
  CHECK(json["latency_seconds"].is_null());
  CHECK(desk.Admin().Value(
            "SELECT concat_ws(' ', id, topic, key, type, payload, headers, status) FROM outbox") ==
        json["id"].dump() + " t k made p {\"a\": \"b=c\", \"d\": \"\"} pending");
  CHECK(desk.Run({"publish", "--topic", "t"}).exit == 0);
  CHECK(
      desk.Admin().Value("SELECT count(*) FROM outbox WHERE key IS NULL AND type IS NULL AND headers IS NULL"
                         " AND payload LIKE '%test%'") == "1");
  CHECK(desk.Admin().Value(
            "SELECT string_agg(concat_ws(' ', command, role, messages), ', ') FROM outbox_audit") ==
        "publish alice 1, publish alice 1");
}

TEST_CASE("publish waits until its message is sent, and says how long that took") {
  const OperatorDesk desk;
  std::thread relay = Meanwhile(desk, kInserted,
                                "UPDATE outbox SET status = 'sent', sent_at = created_at + interval '1.5 s'");
  const auto answer = desk.Run({"publish", "--topic", "t", "--wait"});
  relay.join();
  CHECK(answer.exit == 0);
  CHECK(answer.out.find("is sent after 1500.0 ms") != std::string::npos);

  relay = Meanwhile(desk, kInserted, "DELETE FROM outbox");
  const auto deleted = desk.Json({"publish", "--topic", "t", "--wait"});
  relay.join();
  CHECK(deleted["status"] == "deleted");
  CHECK(deleted["latency_seconds"].is_number());
}

TEST_CASE("publish says why its message is not sent") {
  const OperatorDesk desk;
  CHECK(desk.Run({"pause", "--reason", "moving"}).exit == 0);
  const auto paused = desk.Run({"publish", "--topic", "t", "--wait", "--patience", "100ms"});
  CHECK(paused.exit == 75);
  CHECK(paused.err.find("everything is paused by alice: moving; see: outbox-relay resume") !=
        std::string::npos);
  std::thread relay = Meanwhile(desk, "EXISTS (SELECT FROM outbox WHERE key = 'k')",
                                "UPDATE outbox SET status = 'failed', last_error = 'Broker: too large'");
  const auto failed = desk.Run({"publish", "--topic", "t", "--key", "k", "--wait"});
  relay.join();
  CHECK(failed.exit == 1);
  CHECK(failed.err.find("given up: Broker: too large") != std::string::npos);
  for (const Strings& wrong : {Strings{"publish"},
                               {"publish", "--topic", "a b"},
                               {"publish", "--topic", "t", "--header", "x"},
                               {"publish", "--topic", "t", "--patience", "long"}}) {
    CHECK(desk.Run(wrong).exit == 64);
  }
  CHECK(desk.Run({"publish", "--topic", "t"}, "mallory").exit == 77);
}

TEST_CASE("tail follows what is sent, refused, fails or goes, of old messages and new ones") {
  const OperatorDesk desk;
  desk.Insert("t", "k");            // 1
  desk.Insert("t", "k", "failed");  // 2
  desk.Insert("t", "k", "sent");    // 3: over before
  desk.Insert("u", "k");            // 4: another topic
  std::thread relay([&] {
    AwaitLook(desk);
    desk.Admin().Run(
        "UPDATE outbox SET status = 'sent', sent_at = now() WHERE id IN (1, 4);"
        "UPDATE outbox SET status = 'retrying' WHERE id = 2;"
        "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'secret'), ('t', 'k', 'secret');"
        "UPDATE outbox SET status = 'sent', sent_at = now() WHERE id = 5");
    AwaitLook(desk);
    desk.Admin().Run("DELETE FROM outbox WHERE id = 6; UPDATE outbox SET status = 'failed' WHERE id = 2");
  });
  const auto answer = desk.Run({"tail", "--topic", "t", "--limit", "5", "-o", "jsonl"});
  relay.join();
  CHECK(answer.exit == 0);
  Strings seen;
  for (const auto& line : Lines(answer.out)) {
    seen.push_back(line["id"].dump() + " " + line["status"].get<std::string>());
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == Strings{"1 sent", "2 failed", "2 retrying", "5 sent", "6 deleted"});
  CHECK(answer.out.find("secret") == std::string::npos);
}

TEST_CASE("tail of pending messages shows each once, also those that commit late") {
  const OperatorDesk desk;
  Sql late = desk.Admin();
  late.Run("BEGIN; INSERT INTO outbox (topic, key) VALUES ('t', 'late')");  // 1
  std::thread services([&] {
    AwaitLook(desk);
    desk.Insert("t", "k");  // 2
    AwaitLook(desk);
    late.Run("COMMIT");
    desk.Insert("t", "l");  // 3
  });
  const auto answer = desk.Run({"tail", "--pending", "--limit", "3", "-o", "jsonl"});
  services.join();
  Strings keys;
  for (const auto& line : Lines(answer.out)) keys.push_back(line["key"]);
  CHECK(keys == Strings{"k", "late", "l"});
}

TEST_CASE("tail ends at a signal, and is for those who may look") {
  const OperatorDesk desk;
  const Signals blocked;
  pthread_kill(pthread_self(), SIGINT);
  CHECK(desk.Run({"tail"}).exit == 0);
  CHECK(desk.Run({"tail", "--for", "1s"}, "mallory").exit == 77);
}

TEST_CASE("audit lists what was done, newest first") {
  const OperatorDesk desk;
  CHECK(desk.Run({"audit"}).exit == 1);
  const std::string failed = desk.Insert("t", "k", "failed");
  CHECK(desk.Run({"pause", "--reason", "moving"}).exit == 0);
  CHECK(desk.Run({"discard", failed, "--reason", "wrong"}).exit == 0);
  const auto json = desk.Json({"audit"});
  REQUIRE(json["entries"].size() == 2);
  CHECK(json["entries"][0]["command"] == "discard");
  CHECK(json["entries"][0]["messages"] == 1);
  CHECK(json["entries"][0]["detail"][0]["error"] == "Broker: too large");
  CHECK(json["entries"][1]["reason"] == "moving");
  CHECK(desk.Json({"audit", "--command", "pause"})["entries"].size() == 1);
  CHECK(desk.Json({"audit", "--task", json["entries"][0]["task"]})["entries"].size() == 1);
  CHECK(desk.Json({"audit", "--limit", "1"})["entries"].size() == 1);
  CHECK(desk.Json({"audit", "--since", "1h"})["entries"].size() == 2);
  CHECK(desk.Run({"audit", "--until", "1h"}).exit == 1);
  CHECK(desk.Run({"audit"}).out.find("wrong") != std::string::npos);
  CHECK(desk.Run({"audit", "--task", "mine"}).exit == 64);
  CHECK(desk.Run({"audit"}, "mallory").exit == 77);
}

TEST_CASE("status is watched, with rates, until nothing is left") {
  const OperatorDesk desk;
  desk.Insert("t", "k");
  // The first look ends with a sample, which is taken by a connection of its own.
  std::thread relay = Meanwhile(desk, Asked("last id", "'-infinity'") + " AND pg_sleep(0.5) IS NOT NULL",
                                "INSERT INTO outbox (topic) SELECT 't' FROM generate_series(1, 100);"
                                "UPDATE outbox SET status = 'sent'");
  const auto answer = desk.Run({"status", "--watch", "--wait-empty", "-o", "jsonl"});
  relay.join();
  CHECK(answer.exit == 0);
  const auto lines = Lines(answer.out);
  REQUIRE(lines.size() == 2);
  CHECK_FALSE(lines[0].contains("messages_per_second"));
  CHECK(lines[1]["messages"]["pending"] == 0);
  CHECK(lines[1]["messages_per_second"]["in"] > 20);
  CHECK(lines[1]["messages_per_second"]["out"] > lines[1]["messages_per_second"]["in"]);
}

}  // namespace outbox::test
