// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr int kRefusals = 1'000;

// Every so-many-th row is one that its topic refuses; 0: none is. Messages of the other topic a second.
double Drain(const Stage& stage, const RelayProcess& relay, int rows, int refused_every, int round) {
  Sql sql = stage.Superuser();
  const std::string refused = refused_every == 0 ? "false" : "i % " + std::to_string(refused_every) + " = 0";
  sql.Run("BEGIN");
  sql.Run(
      "INSERT INTO outbox (topic, key, payload) "
      "SELECT CASE WHEN " +
      refused + " THEN 'tiny' ELSE 'healthy' END, '" + std::to_string(round) +
      "-' || i % 5003, "
      "CASE WHEN " +
      refused +
      " THEN '0 0 ' || (SELECT string_agg(md5(random()::text || j || i), '') FROM generate_series(1, 320) j) "
      "ELSE (i / 5003 + 1) || ' 0 ' || md5(i::text) END FROM generate_series(0, " +
      std::to_string(rows) + " - 1) i ORDER BY i");
  const double sent = relay.Metric("messages_sent_total", {"topic=\"healthy\""}).value_or(0);
  const double wanted =
      std::stod(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'healthy' AND status = 'pending'"));
  sql.Run("COMMIT");
  const auto began = std::chrono::steady_clock::now();
  const bool drained = WaitFor(
      [&] { return relay.Metric("messages_sent_total", {"topic=\"healthy\""}).value_or(0) >= sent + wanted; },
      seconds(90));
  INFO(relay.log());
  REQUIRE(drained);
  return wanted / SecondsSince(began);
}

}  // namespace

TEST_CASE("a thousand refusals in a row do not stop another topic") {
  constexpr int kRows = 150'000;
  Stage stage;
  stage.Admin().CreateTopic("healthy", 6);
  stage.Admin().CreateTopic("tiny", 6, {{"max.message.bytes", "4000"}});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Drain(stage, *relay, kRows, 0, 0);  // warms everything up
  const double before = Drain(stage, *relay, kRows, 0, 1);
  const double amid = Drain(stage, *relay, kRows, 150, 2);
  std::cout << "beside a thousand refusals another topic drains at " << static_cast<int>(amid)
            << "/s, before at " << static_cast<int>(before) << "/s: ratio " << amid / before << "\n";
  const auto began = std::chrono::steady_clock::now();
  const bool drained = stage.AwaitDrained(seconds(60));
  std::cout << "and the last refusal is settled " << SecondsSince(began) << " s later\n";
  INFO(relay->log());
  REQUIRE(drained);
  CHECK(amid / before > 0.2);
  Sql sql = stage.Superuser();
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'tiny' AND status = 'failed' AND attempts = 1 "
                  "AND last_error LIKE 'too_large: %'") == std::to_string(kRefusals));
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'healthy' AND attempts > 0") == "0");
  CHECK(relay->Metric("messages_failed_total", {"topic=\"tiny\"", "reason=\"too_large\""}) == kRefusals);
  TopicReader reader(stage.kafka().bootstrap(), {"healthy"});
  REQUIRE(reader.ReadToEnd());
  const Verdict verdict = Judge(reader.records(), {});
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.seen == std::stoll(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'healthy'")));
  std::cout << verdict.duplicates << " duplicates, "
            << relay->Metric("producer_generations_total").value_or(0) << " generations\n";
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
