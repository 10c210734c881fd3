// SPDX-License-Identifier: Apache-2.0
#include "operator_fixture.h"
#include "support/catch.h"

namespace outbox::test {

using Strings = std::vector<std::string>;

TEST_CASE("unblock shows all that holds a key") {
  const OperatorDesk desk;
  desk.Insert("t", "k", "failed");
  desk.Insert("t", "k", "retrying");
  const std::string pending = desk.Insert("t", "k");
  desk.Insert("t", "k");
  desk.Insert("u", "k", "failed");
  CHECK(desk.Run({"pause", "--topic", "t"}).exit == 0);
  const auto json = desk.Json({"unblock", pending});
  CHECK(json["executed"] == false);
  CHECK(json["waiting"].size() == 2);
  CHECK(json["waiting"][0]["id"] == 1);
  CHECK(json["pending"] == 2);
  CHECK(json["failed_hold"] == false);
  CHECK(json["paused"] == true);
  const auto text = desk.Run({"unblock", "1"});
  CHECK(text.exit == 0);
  CHECK(text.out.find("2 of key k of topic t wait; 2 more are pending") != std::string::npos);
  CHECK(text.err.find("--retry") != std::string::npos);
  CHECK(desk.Status("1") == "failed");
}

TEST_CASE("unblock clears a key in one transaction") {
  const OperatorDesk desk;
  desk.Admin().Run(
      "INSERT INTO outbox (topic, key) SELECT 't', 'k' FROM generate_series(1, 700);"
      "UPDATE outbox SET status = 'failed'");
  const std::string pending = desk.Insert("t", "k");
  const std::string other = desk.Insert("u", "k", "failed");
  CHECK(desk.Json({"unblock", pending, "--retry"})["messages"] == 700);
  Sql sql = desk.Admin();
  CHECK(sql.Value("SELECT count(DISTINCT next_attempt_at) FROM outbox WHERE status = 'retrying'") == "1");
  CHECK(desk.Status(pending) == "pending");
  CHECK(desk.Status(other) == "failed");
  CHECK(desk.Run({"unblock", "1", "--discard", "--reason", "gone"}).exit == 0);
  CHECK(sql.Value("SELECT string_agg(status::text, ' ' ORDER BY id) FROM outbox") == "pending failed");
  CHECK(sql.Value("SELECT string_agg(concat_ws(' ', command, messages, reason), ', ' ORDER BY at) FROM "
                  "outbox_audit") == "unblock --retry 700, unblock --discard 700 gone");
  CHECK(desk.Run({"unblock", pending}).exit == 1);
  CHECK(desk.Run({"unblock", pending, "--retry"}).exit == 1);
}

TEST_CASE("unblock clears all of a key or nothing") {
  const OperatorDesk desk;
  const std::string first = desk.Insert("t", "k", "failed");
  const std::string locked = desk.Insert("t", "k", "failed");
  Sql somebody = desk.Admin();
  somebody.Run("BEGIN; SELECT FROM outbox WHERE id = " + locked + " FOR UPDATE");
  CHECK(desk.Run({"unblock", first, "--discard", "--reason", "x"}).exit == 75);
  CHECK(desk.Status(first) == "failed");
  CHECK(desk.Admin().Value("SELECT count(*) FROM outbox_audit") == "0");
  somebody.Run("ROLLBACK; BEGIN; SELECT outbox_hold('t', 'k')");
  const auto busy = desk.Run({"unblock", first, "--retry", "-o", "json"});
  CHECK(busy.exit == 75);
  CHECK(nlohmann::json::parse(busy.err)["error"]["code"] == "lane_busy");
}

TEST_CASE("unblock refuses what it cannot mean") {
  const OperatorDesk desk;
  const std::string keyless = desk.Insert("t", "", "failed");
  for (const Strings& wrong : {Strings{}, {"1", "2"}, {"1", "--discard"}, {"1", "--retry", "--discard"}}) {
    Strings words = wrong;
    words.insert(words.begin(), "unblock");
    CHECK(desk.Run(words).exit == 64);
  }
  CHECK(desk.Run({"unblock", "1", "--retry", "--discard", "--reason", "x"}).exit == 64);
  const auto answer = desk.Run({"unblock", keyless});
  CHECK(answer.exit == 1);
  CHECK(answer.err.find("has no key") != std::string::npos);
  CHECK(desk.Run({"unblock", "99"}).exit == 1);
  desk.Insert("t", "k", "failed");
  CHECK(desk.Run({"unblock", "2", "--retry"}, "mallory").exit == 77);
}

}  // namespace outbox::test
