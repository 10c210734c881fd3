// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "e2e/refusals_scene.h"
#include "support/catch.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

using nlohmann::json;

json Status(const RelayProcess& relay) {
  json status = json::parse(HttpGet(relay.port(), "/api/status").body, nullptr, false);
  return status.is_discarded() ? json::object() : status;
}

bool Shows(const RelayProcess& relay, const std::string& part) {
  return HttpGet(relay.port(), "/").body.find(part) != std::string::npos;
}

// What an operator types.
Finished Command(const Stage& stage, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {RelayBinary()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.insert(argv.end(), {"--conninfo", stage.postgres().conninfo("app", "operator")});
  return Run(argv);
}

double BestOf(int times, const std::function<void()>& what) {
  double best = 1e9;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    what();
    best = std::min(best, SecondsSince(begin));
  }
  return best;
}

}  // namespace

TEST_CASE("the page says what waits, why, and what to type; never a key or a payload") {
  Stage stage({.config = {{"outbox.on_failed", "\"block\""}}, .schema_arguments = {"--on-failed", "block"}});
  stage.Admin().CreateTopic("orders", 3, {{"max.message.bytes", "600000"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  CHECK(Command(stage, {"pause", "--topic", "payments", "--reason", "moving"}).exit == 0);
  Insert(stage, {"orders", "other", "0 fine"});
  const std::int64_t poison = Insert(stage, {"orders", "secret-key", Noise(800'000)});
  Insert(stage, {"orders", "secret-key", "0 secret-payload"});
  Insert(stage, {"payments", "k", "0 secret-payload"});
  REQUIRE(AwaitStatus(stage, poison, "failed"));

  REQUIRE(WaitFor([&] { return Status(*relay)["refused"].size() == 1; }, seconds(30)));
  const json status = Status(*relay);
  INFO(status.dump(1));
  const json& refused = status["refused"][0];
  CHECK(refused["id"] == poison);
  CHECK(refused["status"] == "failed");
  CHECK(refused["holds_key"] == true);
  CHECK(refused["key_hash"] ==
        stage.Superuser().Value("SELECT left(encode(sha256('secret-key'), 'hex'), 12)"));
  const std::string ours = "outbox-relay -c " + relay->config_file().string();
  CHECK(refused["remedy"] == ours + " retry " + std::to_string(poison));
  REQUIRE(status["holds"].size() == 1);
  CHECK(status["holds"][0]["what"] == "topic payments");
  CHECK(status["holds"][0]["remedy"] == ours + " resume --topic payments");
  CHECK_FALSE(status["history"].empty());
  CHECK(WaitFor(
      [&] {
        const json topics = Status(*relay)["topics"];
        return std::count_if(topics.begin(), topics.end(),
                             [](const json& topic) { return topic["pending"]["count"] == 1; }) == 2;
      },
      seconds(45)));
  CHECK(Shows(*relay, "Refused messages"));
  CHECK_FALSE(Shows(*relay, "secret"));
  CHECK(status.dump().find("secret") == std::string::npos);

  stage.kafka().Stop();
  Insert(stage, {"orders", "other", "0 fine"});  // the breaker trips over what cannot go out
  CHECK(WaitFor([&] { return Shows(*relay, "breaker open"); }, seconds(30)));
  CHECK(Shows(*relay, "Refused messages"));  // the rest is still there
  stage.postgres().Stop();
  CHECK(WaitFor([&] { return Shows(*relay, "waiting for PostgreSQL"); }, seconds(30)));
}

TEST_CASE("the page and status answer at once, whatever the history and the backlog", "[slow]") {
  Stage stage(
      {.postgres = {.settings = {{"shared_buffers", "512MB"}, {"max_wal_size", "8GB"}}, .fsync = false}});
  stage.Admin().CreateTopic("orders", 3);
  CHECK(Command(stage, {"pause"}).exit == 0);
  Sql admin = stage.Superuser();
  admin.Run(
      "INSERT INTO outbox (topic, key, payload, status, sent_at) SELECT 'orders', (i % 10000)::text, 'x', "
      "'sent', now()"
      " FROM generate_series(1, 10000000) i");
  admin.Run("VACUUM ANALYZE outbox");
  admin.Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'topic-' || i % 7, (i % 10000)::text, 'x'"
      " FROM generate_series(1, 1000000) i");
  const auto relay = stage.StartRelay();
  REQUIRE(WaitFor([&] { return Status(*relay)["topics"].size() == 7; }, seconds(60)));

  const double page = BestOf(20, [&] { REQUIRE(HttpGet(relay->port(), "/").status == 200); });
  const double status = BestOf(20, [&] { REQUIRE(Command(stage, {"status"}).exit == 0); });
  const double nothing = BestOf(20, [&] { Run({RelayBinary(), "version"}); });
  std::cout << "page " << page * 1e3 << " ms, status " << status * 1e3 << " ms, of which the program's own "
            << nothing * 1e3 << " ms\n";
  CHECK(page < 0.05);
  CHECK(status < 0.05);
  const json topics = Status(*relay)["topics"];
  for (const json& topic : topics) {
    CHECK(topic["pending"]["precision"] == "about");
    CHECK(topic["pending"]["count"] > 100'000);
    CHECK(topic["pending"]["count"] < 200'000);
  }
  CHECK(Shows(*relay, "Pending is estimated from 9,984 of the oldest messages"));
}

}  // namespace outbox::test
