// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <set>
#include <thread>
#include <unordered_map>

#include "e2e/faults_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using Ids = std::vector<std::int64_t>;

Ids IdsOf(Sql& sql, const std::string& statement) {
  Ids ids;
  for (const auto& row : sql.Rows(statement)) ids.push_back(std::stoll(*row[0]));
  return ids;
}

std::string Literal(const Ids& ids) {
  std::string text = "'{";
  for (const std::int64_t id : ids) text += (text.size() > 2 ? "," : "") + std::to_string(id);
  return text + "}'";
}

// Keeps relays away from the key until `person`'s transaction ends, and waits for `many` of its
// messages to be pending. Their ids.
Ids HoldKey(Sql& person, const std::string& key, std::size_t many) {
  person.Run("BEGIN; SELECT outbox_hold('orders', '" + key + "')");
  Ids ids;
  REQUIRE(WaitFor([&] {
    ids = IdsOf(person, "SELECT id FROM outbox WHERE key = '" + key + "' AND status = 'pending' ORDER BY id");
    return ids.size() >= many;
  }));
  return ids;
}

double RateFor(const RelayProcess& relay, seconds duration) {
  const double before = Sent(relay);
  const Stopwatch watch;
  std::this_thread::sleep_for(duration);
  return (Sent(relay) - before) / watch.seconds();
}

void LockARow(seconds locked) {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load(LoadOf(stage, 1'000, 20));
  REQUIRE(AwaitMoreSent(*relay, 500));
  const double before = RateFor(*relay, locked);
  Sql holder = stage.Operator();
  Sql person = stage.Operator();
  const std::int64_t id = HoldKey(holder, "k0", 2).front();
  person.Run("BEGIN; SELECT FROM outbox WHERE id = " + std::to_string(id) + " FOR UPDATE");
  holder.Run("COMMIT");
  const double during = RateFor(*relay, locked);
  Sql watch = stage.Superuser();
  const std::string later = "SELECT count(*) FROM outbox WHERE key = 'k0' AND id >= " + std::to_string(id);
  const std::string sent = later + " AND status = 'sent'";
  CHECK(watch.Value(sent) == "0");
  person.Run("COMMIT");
  const Stopwatch unlocked;
  const std::string waited = watch.Value(later);
  CHECK(WaitFor([&] { return std::stoll(watch.Value(sent)) >= std::stoll(waited); }, seconds(3)));
  std::cout << "a row of one key in 20 locked by a person: " << before << " messages/s before, " << during
            << " meanwhile; " << waited << " held rows settled " << unlocked.seconds()
            << " s after its release\n";
  CHECK(during > 0.9 * before * 19 / 20);
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(10)));
  CHECK(CheckDelivered(stage, {"orders"}, load.committed()).duplicates == 0);
  CheckNothingCharged(stage);
  CHECK(relay->Metric("swept_messages_total") == 0);
  CHECK(relay->Stop() == 0);
}

// What a person did to the messages of a key, and so what must be seen in the topic.
struct Deeds {
  std::set<std::int64_t> deleted;
  std::vector<Ids> sequences;  // each in this order
};

// As after refusals: two messages failed. Then another one deleted, and these two retried.
void ChangeUnsent(const Stage& stage, const std::string& key, Deeds& deeds) {
  Sql person = stage.Operator();
  const Ids pending = HoldKey(person, key, 4);
  const Ids failed = {pending[0], pending[1]};
  person.Run("UPDATE outbox SET status = 'failed', attempts = 20, last_error = 'test' WHERE id = ANY (" +
             Literal(failed) + "); DELETE FROM outbox WHERE id = " + std::to_string(pending[2]) + "; COMMIT");
  deeds.deleted.insert(pending[2]);
  // Later messages of the key do not wait for what has failed.
  Sql watch = stage.Superuser();
  CHECK(WaitFor([&] {
    return watch.Value("SELECT status FROM outbox WHERE id = " + std::to_string(pending[3])) == "sent";
  }));
  Ids sequence = failed;
  const Ids later = HoldKey(person, key, 3);
  sequence.insert(sequence.end(), later.begin(), later.end());
  person.Run(
      "UPDATE outbox SET status = 'retrying', attempts = 0, next_attempt_at = clock_timestamp() WHERE id = "
      "ANY (" +
      Literal(failed) + "); COMMIT");
  deeds.sequences.push_back(sequence);
}

// Ids in the order of their first arrival.
Ids Arrived(const Stage& stage, const std::vector<Record>& records) {
  std::unordered_map<std::string, std::int64_t> ids;
  for (const auto& row : stage.Superuser().Rows("SELECT message_id, id FROM outbox"))
    ids[*row[0]] = std::stoll(*row[1]);
  std::set<std::string> seen;
  Ids arrived;
  for (const Record& record : records) {
    const std::string id = record.header("id");
    if (seen.insert(id).second && ids.contains(id)) arrived.push_back(ids.at(id));
  }
  return arrived;
}

void ChangeBesideRelays(int rounds) {
  Stage stage;
  stage.Admin().CreateTopic("orders", 6);
  const auto relay = stage.StartRelay();
  const auto other = stage.StartRelay();
  relay->AwaitReady();
  other->AwaitReady();
  Load load(LoadOf(stage, 1'500, 20));
  Deeds deeds;
  for (int i = 0; i < rounds; ++i) ChangeUnsent(stage, "k" + std::to_string(i % 20), deeds);
  load.Stop();
  INFO(relay->log());
  REQUIRE(stage.AwaitDrained(seconds(20)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  const Verdict verdict = Judge(reader.records(), load.committed());
  CHECK(verdict.lost == rounds);              // what was deleted
  CHECK(verdict.out_of_order == 2 * rounds);  // what had failed
  CHECK(verdict.phantoms == 0);
  CHECK(verdict.duplicates == 0);
  const Ids arrived = Arrived(stage, reader.records());
  for (const Ids& sequence : deeds.sequences) {
    Ids found;
    std::copy_if(arrived.begin(), arrived.end(), std::back_inserter(found), [&](std::int64_t id) {
      return std::find(sequence.begin(), sequence.end(), id) != sequence.end();
    });
    CHECK(found == sequence);
  }
  CHECK(stage.Count("failed") == 0);
  for (const auto* each : {&relay, &other}) {
    CHECK((*each)->Metric("swept_messages_total") == 0);
    CHECK((*each)->Stop() == 0);
  }
}

}  // namespace

TEST_CASE("a row that a person has locked holds back its key and nothing else") { LockARow(seconds(2)); }
TEST_CASE("a row that a person has locked for long holds back its key and nothing else", "[slow]") {
  LockARow(seconds(5));
}

TEST_CASE("order holds when a person retries and deletes unsent rows beside two relays") {
  ChangeBesideRelays(20);
}
TEST_CASE("order holds when a person changes unsent rows many times", "[slow]") { ChangeBesideRelays(200); }

}  // namespace outbox::test
