// SPDX-License-Identifier: Apache-2.0
// An operator's command that changes messages waits for the relay that is at work on their lane. What would
// happen otherwise needs a moment that chance hardly ever gives: a failed message is retried after a claim
// has asked what waits in the lane, and before it reads the lane. The claim sends it, passes over a later
// message of its unit, and remembers no reason to come back.
#include <cstdlib>

#include "e2e/stage.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr int kLane = 50;  // is swept last enough

std::int64_t Inserted(Sql& sql, const std::string& topic, const std::string& key, const std::string& change) {
  const std::string id = sql.Value("INSERT INTO outbox (topic, key, payload) VALUES ('" + topic + "', '" +
                                   key + "', 'p') RETURNING id");
  if (!change.empty()) sql.Run("UPDATE outbox SET " + change + " WHERE id = " + id);
  return std::stoll(id);
}

std::string Key(Sql& sql, int which) {
  return sql.Value(
      "SELECT 'k' || i FROM generate_series(1, 10000) i WHERE hashtextextended('k' || i, 0) & 63 = " +
      std::to_string(kLane) + " ORDER BY i OFFSET " + std::to_string(which) + " LIMIT 1");
}

Finished Operate(const Stage& stage, const std::string& mutant, std::vector<std::string> words) {
  words.insert(words.begin(), MutantBinary());
  words.insert(words.end(), {"--conninfo", stage.postgres().conninfo("app", "operator")});
  return Run(words, {.env = {{"OUTBOX_RELAY_MUTANT", mutant}}});
}

void AwaitClaimThatHasAsked(Sql& sql) {
  REQUIRE(WaitFor([&] {
    return sql.Value(
               "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
               " AND query LIKE '%outbox-relay: waiting messages%'") != "0";
  }));
}

struct Seen {
  bool later_sent = false;  // soon, the later message of the unit
  double swept = 0;
};

Seen RetryAmidAClaim(const std::string& mutant) {
  Stage stage;
  for (const char* topic : {"orders", "other"}) stage.Admin().CreateTopic(topic, 1);
  Sql sql = stage.Superuser();
  const std::string unit = Key(sql, 0);
  const std::int64_t failed =
      Inserted(sql, "orders", unit, "status = 'failed', attempts = 20, last_error = 'Broker: too large'");
  // Because of it the relay asks at all.
  Inserted(
      sql, "other", Key(sql, 1),
      "status = 'retrying', attempts = 1, last_error = 'x', next_attempt_at = now() + interval '1 hour'");
  CHECK(Operate(stage, "", {"pause", "--topic", "orders", "--reason", "test"}).exit == 0);
  setenv("OUTBOX_RELAY_SLOW_AT", "waiting_read:2500", 1);
  const auto relay = stage.StartRelay({{"delivery.workers", "1"}}, {"run"}, MutantBinary());
  unsetenv("OUTBOX_RELAY_SLOW_AT");
  relay->AwaitReady();
  const std::int64_t later = Inserted(sql, "orders", unit, "");
  // Claims that settle something after it, so that the relay knows that nobody can insert before it any more.
  for (int i = 0; i < 2; ++i) {
    const std::int64_t id = Inserted(sql, "other", "other", "");
    REQUIRE(WaitFor(
        [&] { return sql.Value("SELECT status FROM outbox WHERE id = " + std::to_string(id)) == "sent"; }));
  }

  // Nothing of the lane was due since the start of its scan had passed what is held.
  CHECK(Operate(stage, "", {"resume", "--topic", "orders"}).exit == 0);
  AwaitClaimThatHasAsked(sql);
  const Finished retried = Operate(stage, mutant, {"retry", std::to_string(failed)});
  INFO(retried.out << retried.err << relay->log());
  CHECK(retried.exit == 0);
  const auto sent = [&](std::int64_t id) {
    return sql.Value("SELECT status FROM outbox WHERE id = " + std::to_string(id)) == "sent";
  };
  REQUIRE(WaitFor([&] { return sent(failed); }, seconds(10)));
  const Seen seen{.later_sent = WaitFor([&] { return sent(later); }, seconds(8)),
                  .swept = relay->Metric("swept_messages_total").value_or(-1)};
  relay->process().Kill(SIGKILL);
  return seen;
}

}  // namespace

TEST_CASE("a retry amid a claim waits for it, and nothing of the unit is passed over") {
  const Seen seen = RetryAmidAClaim("");
  CHECK(seen.later_sent);
  CHECK(seen.swept == 0);
}

TEST_CASE("a retry that does not wait for a claim leaves later messages of the unit behind") {
  const Seen seen = RetryAmidAClaim("no_lane_lock");
  CHECK_FALSE(seen.later_sent);
}

}  // namespace outbox::test
