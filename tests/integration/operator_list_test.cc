// SPDX-License-Identifier: Apache-2.0
#include "operator_fixture.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

std::vector<std::string> Ids(const OperatorDesk& desk, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "list");
  std::vector<std::string> ids;
  const nlohmann::json answer = desk.Json(arguments);
  for (const auto& message : answer["messages"]) ids.push_back(message["id"].dump());
  return ids;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("list filters, newest first, and never shows what a message says") {
  const OperatorDesk desk;
  desk.Insert("a", "k", "sent");      // 1
  desk.Insert("a", "k", "failed");    // 2
  desk.Insert("a", "l", "retrying");  // 3
  desk.Insert("b", "k");              // 4
  desk.Insert("b", "");               // 5
  CHECK(Ids(desk, {}) == Strings{"5", "4", "3", "2", "1"});
  CHECK(Ids(desk, {"--limit", "2"}) == Strings{"5", "4"});
  CHECK(Ids(desk, {"--status", "failed,retrying"}) == Strings{"3", "2"});
  CHECK(Ids(desk, {"--status", "sent", "--status", "pending"}) == Strings{"5", "4", "1"});
  CHECK(Ids(desk, {"--topic", "a", "--key", "k"}) == Strings{"2", "1"});
  CHECK(Ids(desk, {"--key", "k", "--status", "pending,failed,sent"}) == Strings{"4", "2", "1"});
  CHECK(Ids(desk, {"--error", "TOO LARGE"}) == Strings{"2"});
  CHECK(Ids(desk, {"4", "1", "77"}) == Strings{"4", "1"});
  const std::string uuid = desk.Admin().Value("SELECT message_id FROM outbox WHERE id = 3");
  CHECK(Ids(desk, {uuid, "3", "2"}) == Strings{"3", "2"});
  const auto table = desk.Run({"list"});
  CHECK(table.exit == 0);
  CHECK(table.out.find("LAST ERROR") != std::string::npos);
  CHECK((table.out + desk.Json({"list"}).dump()).find("secret") == std::string::npos);
}

TEST_CASE("list finds times as a range of ids") {
  const OperatorDesk desk;
  desk.Admin().Run(
      "INSERT INTO outbox (topic, created_at) SELECT 't', now() - (100 - i) * interval '1 hour'"
      " FROM generate_series(1, 100) i; DELETE FROM outbox WHERE id BETWEEN 20 AND 40");
  CHECK(Ids(desk, {"--since", "150m"}) == Strings{"100", "99", "98"});
  CHECK(Ids(desk, {"--until", "5850m"}) == Strings{"2", "1"});
  CHECK(Ids(desk, {"--since", "61h", "--until", "57h"}) == Strings{"43", "42", "41"});
  CHECK(desk.Run({"list", "--since", "2200-01-31T12:00Z"}).exit == 1);
  CHECK(Ids(desk, {"--until", "2200-01-31 12:00:00.5+02", "--limit", "1"}) == Strings{"100"});
}

TEST_CASE("list says no where nothing matches, and refuses what it cannot mean") {
  const OperatorDesk desk;
  CHECK(desk.Run({"list"}).exit == 1);
  CHECK(desk.Run({"list", "-o", "jsonl"}).out.empty());
  for (const Strings& wrong : {Strings{"--status", "lost"},
                               {"--since", "yesterday"},
                               {"--limit", "0"},
                               {"4711x"},
                               {"-o", "json", "1", "--topic", "a"},
                               {"--until", "2026-13-01"}}) {
    Strings words = wrong;
    words.insert(words.begin(), "list");
    CHECK(desk.Run(words).exit == 64);
  }
  desk.Insert("it's; DROP TABLE outbox", "' OR true --");
  CHECK(desk.Run({"list", "--topic", "' OR true --", "--error", "%' OR true --"}).exit == 1);
  CHECK(Ids(desk, {"--key", "' OR true --"}) == Strings{"1"});
}

TEST_CASE("what could steer a terminal is shown, not obeyed") {
  const OperatorDesk desk;
  desk.Insert("t", "\x1b[2Jk");
  const auto answer = desk.Run({"list"});
  CHECK(answer.out.find('\x1b') == std::string::npos);
  CHECK(answer.out.find("\\x1b[2Jk") != std::string::npos);
}

TEST_CASE("show says all of a message, and what it says only when asked") {
  const OperatorDesk desk;
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key, payload_bytes, headers)"
      " VALUES ('t', 'k', '\\x00ff', '{\"trace\": \"x\", \"n\": null}')");
  const auto message = desk.Json({"show", "1"})["messages"][0];
  CHECK(message["headers"]["trace"] == "x");
  CHECK(message["payload_bytes_size"] == 2);
  CHECK_FALSE(message.contains("payload_bytes"));
  CHECK(message["held_up"][0]["code"] == "due");
  CHECK(desk.Json({"show", "1", "--payload"})["messages"][0]["payload_bytes"] == "00ff");
  const std::string uuid = desk.Admin().Value("SELECT message_id FROM outbox");
  const auto text = desk.Run({"show", uuid, "--payload"});
  CHECK(text.exit == 0);
  CHECK(text.out.find("\\x00ff") != std::string::npos);
  CHECK(desk.Run({"show", "2"}).exit == 1);
  CHECK(desk.Run({"show"}).exit == 64);
  CHECK(desk.Run({"show", "1", "2"}).exit == 64);
}

TEST_CASE("show names what holds a message up") {
  const OperatorDesk desk;
  const auto codes = [&](const std::string& id) {
    Strings found;
    const nlohmann::json answer = desk.Json({"show", id});
    for (const auto& reason : answer["messages"][0]["held_up"]) {
      found.push_back(reason["code"].get<std::string>());
    }
    return found;
  };
  const std::string failed = desk.Insert("t", "k", "failed");
  const std::string first = desk.Insert("t", "k");
  const std::string second = desk.Insert("t", "k");
  CHECK(codes(failed) == Strings{"failed"});
  CHECK(codes(first) == Strings{"due"});
  CHECK(codes(second) == Strings{"behind_pending"});
  desk.Admin().Run("UPDATE outbox_control SET value = 'block' WHERE name = 'on_failed'");
  CHECK(codes(first) == Strings{"behind_failed"});
  CHECK(desk.Run({"pause", "--topic", "t"}).exit == 0);
  CHECK(desk.Run({"pause", "--topic", "other"}).exit == 0);
  CHECK(codes(first) == Strings{"paused", "behind_failed"});
  CHECK(codes(desk.Insert("u", "k", "sent")) == Strings{"sent"});
  CHECK(codes(desk.Insert("u", "m", "retrying")) == Strings{"retrying"});
  const std::string free = desk.Insert("u", "n");
  Sql relay = desk.Admin();
  relay.Run("BEGIN; SELECT outbox_hold('u', 'n')");
  CHECK(codes(free) == Strings{"lane_held"});
}

}  // namespace outbox::test
