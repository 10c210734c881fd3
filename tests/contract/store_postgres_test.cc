// SPDX-License-Identifier: Apache-2.0
//
// What only the outbox in PostgreSQL can meet: other transactions, other sessions, the server's own
// accidents.
#include <algorithm>
#include <thread>

#include "postgres/last_drawn.h"
#include "postgres/postgres_store.h"
#include "postgres/statements.h"
#include "store_bench.h"
#include "support/catch.h"
#include "support/pgbouncer.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;
using Reason = StoreUnavailable::Reason;

std::optional<Reason> ReasonOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const StoreUnavailable& error) {
    INFO(error.what());
    CHECK_FALSE(std::string(error.what()).empty());
    return error.reason();
  }
  return std::nullopt;
}

std::string Id(std::int64_t id) { return std::to_string(id); }

TEST_CASE("a payload in bytes is decoded, and the other columns arrive", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  bench.Producer().Run(
      "INSERT INTO outbox (message_id, topic, key, type, payload_bytes, headers, created_at) VALUES"
      " ('6f0e0b5e-0000-4000-8000-000000000001', 't', 'k', 'paid', '\\x00ff0a5c', '{\"trace\": \"x\"}',"
      " '2024-01-02 03:04:05.678901+00')");
  const auto batch = session->Claim(Everything());
  REQUIRE(batch->messages().size() == 1);
  const Message& message = batch->messages()[0];
  CHECK(*message.payload == std::string_view("\0\xff\n\\", 4));
  CHECK(message.message_id == "6f0e0b5e-0000-4000-8000-000000000001");
  CHECK(message.type == "paid");
  CHECK(message.headers == "{\"trace\": \"x\"}");
  CHECK(message.created_at == microseconds(1'704'164'645'678'901));
  CHECK(message.age > seconds(3600));
}

TEST_CASE("a lane whose first rows are all locked waits with them, and loses none of the others",
          "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  bench.admin().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 't', 'k', 'p' FROM generate_series(1, 300)");
  bench.admin().Run("BEGIN; SELECT FROM outbox WHERE id <= 20 FOR UPDATE");
  ClaimRequest few = Everything();
  few.messages = 10;
  for (int i = 0; i < 3; ++i) CHECK(session->Claim(few)->messages().empty());
  bench.admin().Run("ROLLBACK");
  const auto found = Drain(*session, few);
  CHECK(found.size() == 300);
  CHECK(std::is_sorted(found.begin(), found.end()));
}

// Its first statement waits for a server, which a pooler may never have.
TEST_CASE("a listener does not wait without end behind a pooler", "[contract]") {
  PostgresBench bench;
  const PgBouncer pooler(PostgresBench::Server(), {{"default_pool_size", "1"}, {"query_wait_timeout", "0"}});
  const std::string behind = pooler.conninfo(bench.admin().Value("SELECT current_database()"), "relay");
  Sql somebody(behind);
  somebody.Run("BEGIN");
  PostgresSettings postgres;
  postgres.conninfo = bench.conninfo();
  postgres.listen_conninfo = behind;
  OutboxSettings outbox;
  outbox.wake_up = WakeUp::kNotify;
  RecordingObserver observer;
  PostgresStore store(postgres, outbox, observer);
  const TimePoint began = std::chrono::steady_clock::now();
  CHECK(store.AwaitWakeUp(milliseconds(100)) == WakeUpCall::kDeaf);
  CHECK(std::chrono::steady_clock::now() - began < seconds(20));
}

TEST_CASE("a row that somebody else has locked holds its unit and nothing else", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto before = bench.Insert("t", "k", "p");
  const auto locked = bench.Insert("t", "k", "p");
  const auto behind = bench.Insert("t", "k", "p");
  const auto other = bench.Insert("u", "k", "p");  // the same lane
  bench.admin().Run("BEGIN; SELECT FROM outbox WHERE id = " + Id(locked) + " FOR UPDATE");
  const auto found = Drain(*session, Everything());
  CHECK(std::count(found.begin(), found.end(), locked) == 0);
  CHECK(std::count(found.begin(), found.end(), behind) == 0);
  CHECK(std::count(found.begin(), found.end(), other) == 1);
  const auto late = bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  bench.admin().Run("COMMIT");
  auto rest = Drain(*session, Everything());
  // Of the unit, a message before the locked one may have been claimed with it or before it.
  if (!rest.empty() && rest[0] == before) rest.erase(rest.begin());
  CHECK(rest == IdList{locked, behind, late});
}

TEST_CASE("a row that somebody else has locked does not hold another unit's retry", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto locked = bench.Insert("t", "k", "p");
  const auto retrying = bench.Insert("u", "k", "p");  // the same lane
  const auto behind = bench.Insert("u", "k", "p");
  bench.MakeDue(retrying);
  bench.admin().Run("BEGIN; SELECT FROM outbox WHERE id = " + Id(locked) + " FOR UPDATE");
  CHECK(Drain(*session, Everything()) == IdList{retrying, behind});
  bench.admin().Run("COMMIT");
  CHECK(Drain(*session, Everything()) == IdList{locked});
}

TEST_CASE("a retrying row that somebody else has locked holds its unit", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto retrying = bench.Insert("t", "k", "p");
  const auto behind = bench.Insert("t", "k", "p");
  bench.MakeDue(retrying);
  bench.admin().Run("BEGIN; SELECT FROM outbox WHERE id = " + Id(retrying) + " FOR KEY SHARE");
  CHECK(Drain(*session, Everything()) == IdList{});
  bench.admin().Run("COMMIT");
  CHECK(Drain(*session, Everything()) == IdList{retrying, behind});
}

// The service locks an aggregate, so the second transaction inserts after the first has committed.
TEST_CASE("a row with a low id that commits late is delivered before what came after it", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  Sql first = bench.Producer();
  Sql second = bench.Producer();
  const std::string insert = "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'p') RETURNING id";
  first.Run("BEGIN");
  const auto low = std::stoll(first.Value(insert));
  // Others go on meanwhile, and the scan starts move as far as they may.
  IdList others;
  for (int i = 0; i < 50; ++i) {
    const auto id = bench.Insert("u", "k", "p");
    CHECK(Drain(*session, Everything()) == IdList{id});
  }
  second.Run("BEGIN; SELECT pg_current_xact_id()");  // an xid of its own, before the lock is free
  first.Run("COMMIT");
  const auto high = std::stoll(second.Value(insert));
  second.Run("COMMIT");
  CHECK(Drain(*session, Everything()) == IdList{low, high});
  CHECK(bench.observer().story().swept == std::vector<std::size_t>(bench.observer().story().swept.size(), 0));
}

TEST_CASE("a scan starts behind what is sent, once nobody can own an id below", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto id = bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  for (int i = 0; i < 5; ++i) {
    bench.Insert("t", "k", "p");
    Drain(*session, Everything());
  }
  bench.admin().Run("UPDATE outbox SET status = 'pending' WHERE id = " + Id(id));
  // Below the scan start nobody looks: this is what a sweep is for.
  const auto lane = std::stoi(bench.admin().Value("SELECT lane FROM outbox WHERE id = " + Id(id)));
  if (lane > 2) CHECK(Drain(*session, Everything()) == IdList{});
}

TEST_CASE("an identity that begins anew is noticed, by whichever session", "[contract]") {
  PostgresBench bench;
  const auto busy = bench.Connect();
  const auto quiet = bench.Connect();
  for (int i = 0; i < 20; ++i) {
    bench.Insert("t", "k", "p");
    Drain(*busy, Everything());
  }
  bench.admin().Run("TRUNCATE outbox RESTART IDENTITY");
  IdList ids;
  for (int i = 0; i < 7; ++i) ids.push_back(bench.Insert("t", "k", "p"));
  REQUIRE(ids.front() < 20);
  quiet->Claim(Everything());  // finds out
  CHECK(Drain(*quiet, Everything()) == ids);
}

TEST_CASE("settings of the role do not change what is read", "[contract]") {
  PostgresBench bench;
  bench.admin().Run(
      "ALTER ROLE relay SET bytea_output = 'escape'; ALTER ROLE relay SET client_encoding = 'LATIN1';"
      "ALTER ROLE relay SET default_transaction_isolation = 'serializable'");
  const auto session = bench.Connect();
  bench.Producer().Run("INSERT INTO outbox (topic, payload_bytes) VALUES ('t', '\\x00ff5c')");
  bench.Producer().Run("INSERT INTO outbox (topic, payload) VALUES ('t', U&'\\00e4')");
  std::vector<std::string> payloads;
  const auto batch = session->Claim(Everything());
  for (const Message& message : batch->messages()) payloads.emplace_back(*message.payload);
  bench.admin().Run("ALTER ROLE relay RESET ALL");
  std::sort(payloads.begin(), payloads.end());
  CHECK(payloads == std::vector<std::string>{{"\0\xff\\", 3}, "\xc3\xa4"});
}

TEST_CASE("a sweep finds a row that was made pending by hand", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  IdList ids;
  for (int i = 0; i < 3; ++i) ids.push_back(bench.Insert("t", std::nullopt, "p"));
  Drain(*session, Everything());
  for (int i = 0; i < 128; ++i) bench.Insert("t", std::nullopt, "p");
  Drain(*session, Everything());
  // Without a key the lane is that of the id, and lanes are swept one by one, a second each.
  bench.admin().Run("UPDATE outbox SET status = 'pending' WHERE id = " + Id(ids[2]));
  IdList found;
  CHECK(WaitFor([&] { return !(found = Drain(*session, Everything())).empty(); }, seconds(15)));
  CHECK(found == IdList{ids[2]});
  const auto swept = bench.observer().story().swept;
  CHECK(std::count(swept.begin(), swept.end(), 1) == 1);
}

TEST_CASE("two relays share the work and the order of it", "[contract]") {
  PostgresBench bench;
  const auto other_store = bench.OtherStore();
  const auto one = bench.Connect();
  const auto two = other_store->Connect();
  for (int i = 0; i < 3; ++i) two->Claim(Everything());
  IdList seen;
  IdList inserted;
  for (int round = 0; round < 20; ++round) {
    inserted.push_back(bench.Insert("t", "k", "p"));
    inserted.push_back(bench.Insert("t", "k", "p"));
    auto batch = (round % 3 == 0 ? two : one)->Claim(Everything());
    for (const auto id : Ids(*batch)) seen.push_back(id);
    SettleAll(*batch, Outcome::kSent);
  }
  CHECK(seen == inserted);
}

TEST_CASE("lanes that another relay holds are counted as busy", "[contract]") {
  PostgresBench bench;
  const auto other_store = bench.OtherStore();
  const auto one = bench.Connect();
  const auto two = other_store->Connect();
  for (int i = 0; i < 3; ++i) two->Claim(Everything());
  bench.Insert("t", "k", "p");
  const auto batch = one->Claim(Everything());
  REQUIRE(batch->messages().size() == 1);
  CHECK(two->Claim(Everything())->messages().empty());
  CHECK(two->lanes_busy() == 1);
}

TEST_CASE("a session that loses its connection gives its batch back", "[contract]") {
  PostgresBench bench;
  auto session = bench.Connect();
  const auto id = bench.Insert("t", "k", "p");
  auto batch = session->Claim(Everything());
  REQUIRE(Ids(*batch) == IdList{id});
  bench.admin().Run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% worker' AND"
      " datname = current_database()");
  CHECK(ReasonOf([&] { SettleAll(*batch, Outcome::kSent); }) == Reason::kLost);
  batch.reset();
  CHECK(bench.Status(id) == "pending");
  session = bench.Connect();
  CHECK(Drain(*session, Everything()) == IdList{id});
}

TEST_CASE("after a crash of the server everything is looked at again", "[contract]") {
  PostgresBench bench;
  auto session = bench.Connect();
  IdList ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(bench.Insert("t", "k", "p"));
    Drain(*session, Everything());
  }
  const std::string token = bench.admin().Value("SELECT token FROM outbox_marker");
  bench.admin().Run("UPDATE outbox SET status = 'pending' WHERE id = " + Id(ids[0]) + "; CHECKPOINT");
  PostgresBench::Server().Restart(PostgresServer::StopMode::kImmediate);
  bench.Reconnect();
  CHECK(ReasonOf([&] { session->Claim(Everything()); }) == Reason::kLost);
  session = bench.Connect();
  CHECK(bench.admin().Value("SELECT token FROM outbox_marker") != token);
  CHECK(Drain(*session, Everything()) == IdList{ids[0]});
}

TEST_CASE("another relay's sessions forget too when the server's mark is another one", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto low = bench.Insert("t", "k", "p");
  for (int i = 0; i < 5; ++i) {
    bench.Insert("t", "k", "p");
    Drain(*session, Everything());
  }
  bench.admin().Run("UPDATE outbox SET status = 'pending' WHERE id = " + Id(low) +
                    "; DELETE FROM outbox_marker");
  IdList found;
  CHECK(WaitFor([&] { return !(found = Drain(*session, Everything())).empty(); }, seconds(5)));
  CHECK(found == IdList{low});
}

// A sequence's value stands 32 too high in shared memory for the moment in which it is logged.
TEST_CASE("no more ids are told to be drawn than are, while they are drawn fast", "[contract]") {
  PostgresBench bench;
  const std::jthread writer([&bench](const std::stop_token& stop) {
    Sql sql(bench.conninfo());
    while (!stop.stop_requested())
      sql.Run("SELECT count(nextval('outbox_id_seq')) FROM generate_series(1, 100000)");
  });
  bench.admin().Run(Fill(R"(CREATE FUNCTION looks_too_high() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  told     bigint;
  too_high bigint := 0;
  began    timestamptz := clock_timestamp();
BEGIN
  WHILE clock_timestamp() < began + interval '3 seconds' LOOP
    SELECT last_drawn INTO told FROM {last_drawn} s;
    IF told > pg_sequence_last_value('outbox_id_seq') THEN too_high := too_high + 1; END IF;
  END LOOP;
  RETURN too_high;
END
$$)",
                         {{"last_drawn", kLastDrawn}, {"schema", "public"}}));
  CHECK(bench.admin().Value("SELECT looks_too_high()") == "0");
}

TEST_CASE("settling another number of rows than were claimed is an error, and nothing is committed",
          "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  bench.admin().Run(
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.key = ''odd'' THEN RETURN "
      "NULL;"
      " END IF; RETURN NEW; END'; CREATE TRIGGER keep BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION "
      "keep()");
  const IdList ids = {bench.Insert("t", "even", "p"), bench.Insert("t", "odd", "p")};
  {
    const auto batch = session->Claim(Everything());
    REQUIRE(batch->messages().size() == 2);
    CHECK(ReasonOf([&] { SettleAll(*batch, Outcome::kSent); }) == Reason::kRowCount);
  }
  CHECK(bench.Status(ids[0]) == "pending");
  CHECK(bench.Status(ids[1]) == "pending");
}

TEST_CASE("a server without the schema, or without the rights, is told apart", "[contract]") {
  PostgresBench bench;
  const auto stranger = bench.OtherStore("stranger");
  CHECK(ReasonOf([&] { stranger->Connect()->Claim(Everything()); }) == Reason::kRights);
  const auto nobody = bench.OtherStore("nobody_of_that_name");
  CHECK(ReasonOf([&] { nobody->Connect(); }) == Reason::kLost);
  bench.admin().Run("ALTER TABLE outbox RENAME TO elsewhere");
  CHECK(ReasonOf([&] { bench.store().Connect()->Claim(Everything()); }) == Reason::kSchema);
}

TEST_CASE("a server that accepts no writes is told apart", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  bench.Insert("t", "k", "p");
  bench.admin().Run("ALTER ROLE relay SET default_transaction_read_only = on");
  const auto other = bench.OtherStore();
  const auto reason = ReasonOf([&] {
    const auto reader = other->Connect();
    for (int i = 0; i < 3; ++i) reader->Claim(Everything());
  });
  bench.admin().Run("ALTER ROLE relay RESET default_transaction_read_only");
  CHECK(reason == Reason::kReadOnly);
}

TEST_CASE("one relay purges at a time", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto id = bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  bench.Age(id);
  const auto keeper = bench.store().ConnectKeeper();
  bench.admin().Run("BEGIN; SELECT pg_advisory_xact_lock('outbox'::regclass::oid::integer, 1001)");
  CHECK(keeper->Purge(seconds(60), 100).messages == 0);
  bench.admin().Run("COMMIT");
  CHECK(keeper->Purge(seconds(60), 100).messages == 1);
}

TEST_CASE("a purge goes on where the last one ended, and a new walk finds what was sent late below",
          "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto low = bench.Insert("t", "low", "p");
  SettleAll(*session->Claim(Everything()), Outcome::kFailed);
  IdList ids;
  for (int i = 0; i < 10; ++i) ids.push_back(bench.Insert("t", "k", "p"));
  Drain(*session, Everything());
  for (const auto id : ids) bench.Age(id);
  const auto keeper = bench.store().ConnectKeeper();
  const auto first = keeper->Purge(seconds(60), 6);
  CHECK(first.messages == 5);  // of six rows that it looked at, one has failed
  CHECK(first.more);
  CHECK(keeper->Purge(seconds(60), 6).messages == 5);
  bench.MakeDue(low);
  CHECK(Drain(*session, Everything()) == IdList{low});
  bench.Age(low);
  CHECK(keeper->Purge(seconds(60), 6).messages == 0);
  CHECK(bench.store().ConnectKeeper()->Purge(seconds(60), 6).messages == 1);
}

TEST_CASE("a sample tells how old the oldest due message is, and whose keys are blocked", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  const auto keeper = bench.store().ConnectKeeper();
  const TableSample empty = keeper->Sample();
  CHECK(empty.lag == microseconds(0));
  CHECK(empty.oldest_pending == microseconds(0));
  CHECK(empty.size_bytes > 0);
  CHECK_FALSE(empty.schema_version.empty());
  CHECK_FALSE(empty.oldest_transaction);  // not a right of the relay's
  const auto waiting = bench.Insert("t", "k", "p");
  bench.Insert("t", "k", "p");
  bench.admin().Run(
      "UPDATE outbox SET created_at = now() - interval '1 hour'; UPDATE outbox SET status = 'retrying',"
      " next_attempt_at = now() + interval '1 hour' WHERE id = " +
      Id(waiting));
  TableSample sample = keeper->Sample();
  CHECK(sample.blocked_keys == 1);
  CHECK(sample.oldest_pending > seconds(3500));
  CHECK(sample.lag == microseconds(0));  // what is held is not due
  bench.Insert("t", "other", "p");
  sample = keeper->Sample();
  REQUIRE(sample.lag);
  CHECK(*sample.lag > microseconds(0));
  CHECK(*sample.lag < seconds(60));
}

TEST_CASE("a sample does not take retrying messages for failed ones", "[contract]") {
  PostgresBench bench;
  bench.admin().Run(
      "INSERT INTO outbox (topic, status, next_attempt_at)"
      " SELECT 't', 'retrying', now() + interval '1 hour' FROM generate_series(1, 1500)");
  const auto keeper = bench.store().ConnectKeeper();
  CHECK(keeper->Sample().failed == 0);
  CHECK(keeper->Sample().retrying == 1000);
  bench.admin().Run("INSERT INTO outbox (topic, status) VALUES ('t', 'failed'), ('t', 'failed')");
  CHECK(keeper->Sample().failed == 2);
}

TEST_CASE("a sample counts pending messages by topic, and says when it has not seen all", "[contract]") {
  PostgresBench bench;
  const auto keeper = bench.store().ConnectKeeper();
  CHECK(keeper->Sample().topics_complete);
  bench.admin().Run(
      "INSERT INTO outbox (topic, key, created_at) SELECT 'a', 'k', now() - interval '1 min' FROM "
      "generate_series(1, 100)");
  bench.Insert("b", "l", "p");
  TableSample sample = keeper->Sample();
  REQUIRE(sample.topics.size() == 2);
  CHECK(sample.topics[0].topic == "a");
  CHECK(sample.topics[0].pending == 100);
  CHECK(sample.topics[0].oldest > seconds(59));
  CHECK(sample.topics[1].pending == 1);
  CHECK(sample.topics_complete);
  bench.admin().Run("INSERT INTO outbox (topic, key) SELECT 'a', 'k' FROM generate_series(1, 100)");
  sample = keeper->Sample();
  CHECK(sample.topics[0].pending >= 155);  // with or without the other one in its lane
  CHECK_FALSE(sample.topics_complete);
}

TEST_CASE("a sample names the newest refused messages, and no key", "[contract]") {
  PostgresBench bench;
  bench.admin().Run(
      "INSERT INTO outbox (topic, key, status, attempts, last_error, next_attempt_at) SELECT 't', NULLIF('k' "
      "|| i,"
      " 'k30'), 'retrying', i, 'no', CASE WHEN i = 29 THEN timestamptz 'infinity' ELSE now() + interval '1 "
      "min' END"
      " FROM generate_series(1, 30) i; UPDATE outbox SET status = 'failed', next_attempt_at = NULL WHERE "
      "attempts = 28");
  const auto refused = bench.store().ConnectKeeper()->Sample().refused;
  REQUIRE(refused.size() == 20);
  CHECK(refused[0].attempts == 30);
  CHECK(refused[0].key_hash.empty());
  CHECK(refused[0].due_in > seconds(50));
  CHECK(refused[0].error == "no");
  CHECK(refused[1].due_in > seconds(86'400));
  CHECK(refused[2].failed);
  CHECK(refused[2].key_hash.size() == 12);
  CHECK(refused[19].attempts == 11);
}

TEST_CASE("more units than are remembered one by one wait, and all flow afterwards", "[contract]") {
  PostgresBench bench;
  const auto session = bench.Connect();
  // One key, so one lane, in many topics.
  bench.admin().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 't' || i, 'k', 'p' FROM generate_series(1, 150) i");
  bench.admin().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 't' || i, 'k', 'q' FROM generate_series(1, 150) i");
  bench.admin().Run(
      "UPDATE outbox SET status = 'retrying', next_attempt_at = now() + interval '1 hour' WHERE payload = "
      "'p'");
  CHECK(Drain(*session, Everything()) == IdList{});
  const auto free = bench.Insert("free", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{free});
  bench.admin().Run("UPDATE outbox SET next_attempt_at = now()");
  CHECK(Drain(*session, Everything()).size() == 300);
}

}  // namespace
}  // namespace outbox::test
