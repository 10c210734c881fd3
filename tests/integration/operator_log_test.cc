// SPDX-License-Identifier: Apache-2.0
//
// What operators do with an outbox that is kept as a log, under their role alone.
#include "operator_fixture.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using Layout = OperatorDesk::Layout;

// The relay has read as far as it may: what is committed is done, but for what is parked.
void ReadAll(const OperatorDesk& desk) {
  desk.Admin().Run(
      "UPDATE outbox_progress SET snapshot = pg_current_snapshot(), upto = (SELECT last_value FROM "
      "outbox_id_seq),"
      " pairs = pg_current_xact_id()::text || ':' || (SELECT last_value FROM outbox_id_seq)");
  // The transaction above is unfinished in its own snapshot.
  desk.Admin().Run("UPDATE outbox_progress SET snapshot = pg_current_snapshot()");
}

std::string Park(const OperatorDesk& desk, const std::string& id, const std::string& status) {
  desk.Admin().Run(
      "INSERT INTO outbox_parked (xid, id, message_id, topic, key, payload, created_at, status, attempts,"
      " last_error, next_attempt_at) SELECT xid, id, message_id, topic, key, payload, created_at, '" +
      status + "', 3, 'Broker: policy', now() + interval '1 hour' FROM outbox WHERE id = " + id);
  return id;
}

std::string StatusOf(const OperatorDesk& desk, const std::string& id) {
  return desk.Admin().Value("SELECT coalesce((SELECT status::text FROM outbox_messages WHERE id = " + id +
                            "), 'gone')");
}

std::string Parked(const OperatorDesk& desk) {
  return desk.Admin().Value(
      "SELECT coalesce(string_agg(id || ' ' || status, ', ' ORDER BY id), '') FROM outbox_parked");
}

// In ids: 1 sent, 2 failed, 3 retrying, 4 parked behind it, 5 pending.
struct LogDesk : OperatorDesk {
  LogDesk() : OperatorDesk(Layout::kLog) {
    for (const char* key : {"a", "b", "c", "c"}) Insert("t", key);
    Park(*this, "2", "failed");
    Park(*this, "3", "retrying");
    Park(*this, "4", "pending");
    ReadAll(*this);
    Insert("t", "e");
  }
};

}  // namespace

TEST_CASE("list and show tell what has become of the messages of a log") {
  const LogDesk desk;
  const auto all = desk.Json({"list"})["messages"];
  REQUIRE(all.size() == 5);
  const std::vector<std::string> expected = {"pending", "pending", "retrying", "failed", "sent"};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(all[i]["status"] == expected[i]);
  CHECK(desk.Json({"list", "--status", "pending"})["messages"].size() == 2);
  CHECK(desk.Json({"list", "--status", "sent"})["messages"][0]["id"] == 1);
  CHECK(desk.Json({"list", "--status", "failed,retrying", "--error", "policy"})["messages"].size() == 2);
  CHECK(desk.Json({"list", "--key", "c", "--since", "1h"})["messages"].size() == 2);
  CHECK(desk.Json({"list", "--limit", "1"})["more"] == true);
  CHECK(desk.Run({"list", "--topic", "u"}).exit == 1);
  const auto text = desk.Run({"show", "2", "--payload"});
  CHECK(text.exit == 0);
  CHECK(text.out.find("secret") != std::string::npos);
  CHECK(desk.Run({"show", "5"}).exit == 0);
  CHECK(desk.Run({"show", "99"}).exit == 1);
  CHECK(desk.Run({"list"}, "mallory").exit == 77);
}

TEST_CASE("what an open transaction adds to a log is pending, wherever its ids lie") {
  const LogDesk desk;
  Sql late = desk.Admin();
  late.Run("BEGIN; INSERT INTO outbox (topic, key) VALUES ('t', 'late')");  // 6
  desk.Insert("t", "f");
  ReadAll(desk);
  CHECK(StatusOf(desk, "7") == "sent");
  late.Run("COMMIT");
  CHECK(StatusOf(desk, "6") == "pending");
  CHECK(desk.Json({"list", "--status", "pending"})["messages"][0]["id"] == 6);
}

TEST_CASE("status counts a log") {
  const LogDesk desk;
  const auto json = desk.Json({"status"});
  CHECK(json["messages"] == nlohmann::json::parse(R"({"pending": 2, "retrying": 1, "failed": 1})"));
  CHECK(json["blocked_keys"] == 1);
  CHECK(json["ids_left"] == 40'000'000 - 5);
  const auto text = desk.Run({"status"});
  CHECK(text.exit == 0);
  CHECK(text.out.find("room for") != std::string::npos);
  CHECK(desk.Run({"status", "--max-failed", "0"}).exit == 1);
}

TEST_CASE("what is parked is retried and discarded, and what is in the log is not") {
  const LogDesk desk;
  CHECK(desk.Json({"retry", "--status", "failed"})["messages"] == 1);  // would be
  CHECK(desk.Json({"retry", "--status", "failed", "--execute"})["messages"] == 1);
  CHECK(Parked(desk) == "2 retrying, 3 retrying, 4 pending");
  CHECK(desk.Json({"discard", "--status", "pending", "--reason", "x"})["messages"] == 1);
  const auto refused = desk.Run({"discard", "5", "--reason", "x"});
  CHECK(refused.exit == 1);
  CHECK(refused.err.find("pause its topic") != std::string::npos);
  CHECK(desk.Json({"discard", "2", "4", "--reason", "x"})["messages"] == 2);
  CHECK(Parked(desk) == "3 retrying");
  CHECK(StatusOf(desk, "5") == "pending");
  CHECK_FALSE(desk.Json({"audit", "--command", "discard"})["entries"].empty());
  CHECK(desk.Run({"retry", "1"}).exit == 1);
}

TEST_CASE("unblock clears a key of a log") {
  const LogDesk desk;
  const auto json = desk.Json({"unblock", "4"});
  CHECK(json["waiting"].size() == 1);
  CHECK(json["pending"] == 1);
  CHECK(desk.Json({"unblock", "4", "--retry"})["messages"] == 1);
  CHECK(desk.Run({"unblock", "4", "--discard", "--reason", "x"}).exit == 0);
  CHECK(Parked(desk) == "2 failed, 4 pending");
}

TEST_CASE("pause, publish and tail know no layout") {
  const LogDesk desk;
  CHECK(desk.Run({"pause", "--topic", "t"}).exit == 0);
  CHECK(desk.Run({"resume", "--topic", "t"}).exit == 0);
  CHECK(desk.Run({"publish", "--topic", "t", "--key", "k", "--payload", "hello"}).exit == 0);
  CHECK(desk.Admin().Value("SELECT payload FROM outbox WHERE id = 6") == "hello");
}

TEST_CASE("a log is replayed by range, as copies at its end") {
  const LogDesk desk;
  CHECK(desk.Json({"replay", "--since", "1h", "--reason", "x"})["messages"] == 1);
  CHECK(desk.Json({"replay", "--since", "1h", "--reason", "x", "--execute"})["messages"] == 1);
  CHECK(desk.Admin().Value(
            "SELECT count(*) || ' ' || count(DISTINCT message_id) FROM outbox WHERE key = 'a'") == "2 1");
  CHECK(StatusOf(desk, "6") == "pending");
  CHECK(desk.Run({"replay", "5", "--reason", "x"}).exit == 1);  // not sent yet
}

TEST_CASE("a log is purged by partitions, or it is said why not") {
  const OperatorDesk desk(Layout::kLog);
  desk.Admin().Run(
      "DROP TABLE outbox_1, outbox_10000001, outbox_20000001, outbox_30000001;"
      "INSERT INTO outbox_control (name, value) VALUES ('partition_rows', '10');"
      "SELECT outbox_make_partitions()");
  for (int i = 0; i < 25; ++i) desk.Insert("t", "k");
  const auto unread = desk.Run({"purge", "--older-than", "1s", "--execute"});
  CHECK(unread.exit == 1);
  CHECK(unread.err.find("not all of its messages are done") != std::string::npos);
  ReadAll(desk);
  CHECK(desk.Run({"purge", "--topic", "t", "--execute"}).exit == 1);
  const auto young = desk.Run({"purge", "--older-than", "1h", "--execute"});
  CHECK(young.exit == 1);
  CHECK(young.err.find("was inserted") != std::string::npos);
  desk.Admin().Run("SELECT pg_sleep(1.1)");
  CHECK(desk.Json({"purge", "--older-than", "1s"})["ids"] == 20);
  CHECK(desk.Admin().Value("SELECT min(id) FROM outbox") == "1");
  Sql writer = desk.Admin();
  writer.Run("BEGIN; INSERT INTO outbox (topic) VALUES ('t')");
  CHECK(desk.Run({"purge", "--older-than", "1s", "--execute"}).exit == 75);
  writer.Run("ROLLBACK");
  CHECK(desk.Json({"purge", "--older-than", "1s", "--execute", "--reason", "disk"})["ids"] == 20);
  CHECK(desk.Admin().Value("SELECT min(id) FROM outbox") == "21");
  CHECK(desk.Admin().Value("SELECT messages || ' ' || reason FROM outbox_audit WHERE command = 'purge'") ==
        "20 disk");
}

}  // namespace outbox::test
