// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "operator_fixture.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("status counts, and says what holds and who is there") {
  const OperatorDesk desk;
  desk.Insert("t", "k", "failed");
  desk.Insert("t", "l", "retrying");
  desk.Insert("t", "l");
  desk.Insert("t", "m", "sent");
  CHECK(desk.Run({"pause", "--topic", "t", "--reason", "moving"}).exit == 0);
  Sql relay = desk.Admin();
  relay.Run("SET application_name = 'outbox-relay orders worker'");
  const auto json = desk.Json({"status"});
  CHECK(json["messages"] == nlohmann::json::parse(R"({"pending": 1, "retrying": 1, "failed": 1})"));
  REQUIRE(json["topics"].size() == 1);
  CHECK(json["topics"][0]["topic"] == "t");
  CHECK(json["topics"][0]["pending"] == 1);
  CHECK(json["topics"][0]["share"] == 1);
  CHECK(json["blocked_keys"] == 1);
  CHECK(json["on_failed"] == "skip");
  CHECK(json["paused"][0]["reason"] == "moving");
  CHECK(json["relays"] ==
        nlohmann::json::parse(R"([{"application": "outbox-relay orders worker", "connections": 1}])"));
  CHECK(json["lag_seconds"] == 0);  // nothing could go out
  const auto text = desk.Run({"status"});
  CHECK(text.exit == 0);
  CHECK(text.out.find("1 pending, 1 retrying, 1 failed") != std::string::npos);
  CHECK(text.out.find("topic t by alice") != std::string::npos);
  CHECK(text.out.find("t: 1 pending, for") != std::string::npos);
}

TEST_CASE("status is a check where it is given limits") {
  const OperatorDesk desk;
  CHECK(desk.Run({"status", "--max-lag", "1s", "--max-failed", "0"}).exit == 0);
  desk.Insert("t", "k", "failed");
  const auto failed = desk.Run({"status", "--max-failed", "0"});
  CHECK(failed.exit == 1);
  CHECK(failed.err == "1 messages failed, more than 0\n");
  CHECK(desk.Run({"status", "--max-failed", "1"}).exit == 0);
  desk.Admin().Run("INSERT INTO outbox (topic, created_at) VALUES ('t', now() - interval '1 hour')");
  CHECK(desk.Run({"status", "--max-lag", "59m"}).exit == 1);
  CHECK(desk.Run({"status", "--max-lag", "61m"}).exit == 0);
  CHECK(desk.Run({"status", "--max-lag", "long"}).exit == 64);
  CHECK(desk.Run({"status", "--max-failed", "-1"}).exit == 64);
  CHECK(desk.Run({"status"}, "mallory").exit == 77);
}

TEST_CASE("status waits until nothing is left to send") {
  const OperatorDesk desk;
  const std::string id = desk.Insert("t", "k");
  const auto began = std::chrono::steady_clock::now();
  std::thread relay([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    desk.Admin().Run("UPDATE outbox SET status = 'sent'");
  });
  const auto json = desk.Json({"status", "--wait-empty"});
  relay.join();
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(500));
  CHECK(json["messages"]["pending"] == 0);
  CHECK(desk.Status(id) == "sent");
}

}  // namespace outbox::test
