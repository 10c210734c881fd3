// SPDX-License-Identifier: Apache-2.0
//
// What only a log does: ticks, the guard, progress and the side table, against a real server.
#include <algorithm>

#include "postgres/log_store.h"
#include "store_bench.h"
#include "support/catch.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;

const std::string kInsert = "INSERT INTO outbox (topic, key, payload) VALUES ('t', 'k', 'p') RETURNING id";

// Claims until something comes; the guard of a relay that went away is free a moment later.
IdList AwaitIds(StoreSession& session) {
  IdList ids;
  WaitFor([&] { return !(ids = Drain(session, Everything())).empty(); });
  return ids;
}

void LoseGuard(PostgresBench& bench) {
  bench.admin().Run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE datname = current_database() AND application_name LIKE '% guard'");
}

TEST_CASE("rows of a log that commit late are found, however long they took", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  Sql late = bench.Producer();
  late.Run("BEGIN");
  const std::int64_t first = std::stoll(late.Value(kInsert));
  for (int i = 0; i < 5; ++i) {
    const auto id = bench.Insert("t", "other", "p");
    CHECK(Drain(*session, Everything()) == IdList{id});
  }
  late.Run("SAVEPOINT s");
  const std::int64_t second = std::stoll(late.Value(kInsert));
  late.Run("RELEASE s; COMMIT");
  const auto after = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{first, second, after});
  CHECK(Drain(*session, Everything()) == IdList{});
}

// Nobody else ends a transaction, so its xid stands at the xmax of every snapshot, and is listed in none.
TEST_CASE("a row of the youngest transaction is not missed", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  for (int i = 0; i < 20; ++i) {
    Sql young = bench.Producer();
    young.Run("BEGIN");
    const std::int64_t id = std::stoll(young.Value(kInsert));
    CHECK(Drain(*session, Everything()) == IdList{});
    young.Run("COMMIT");
    CHECK(Drain(*session, Everything()) == IdList{id});
  }
}

TEST_CASE("rows that were rolled back are passed over", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  Sql sql = bench.Producer();
  sql.Run("BEGIN; " + kInsert + "; ROLLBACK");
  const auto id = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{id});
  CHECK(session->Claim(Everything())->messages().empty());
  CHECK(session->nothing_due());
}

TEST_CASE("one relay reads a log, and the next one goes on where it ended", "[contract]") {
  PostgresBench bench(Completion::kLog);
  auto first = bench.OtherStore();
  auto session = first->Connect();
  const auto done = bench.Insert("t", "k", "p");
  CHECK(AwaitIds(*session) == IdList{done});
  const auto other = bench.Connect();
  const auto rest = bench.Insert("t", "k", "p");
  CHECK(other->Claim(Everything())->messages().empty());
  CHECK_FALSE(other->nothing_due());
  CHECK(other->lanes_busy() > 0);
  session.reset();
  first.reset();
  CHECK(AwaitIds(*other) == IdList{rest});
}

TEST_CASE("a relay that has lost its guard settles nothing, and finds again what it held", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const auto id = bench.Insert("t", "k", "p");
  const auto batch = session->Claim(Everything());
  REQUIRE(Ids(*batch) == IdList{id});
  LoseGuard(bench);
  const auto other_store = bench.OtherStore();
  const auto other = other_store->Connect();
  CHECK(AwaitIds(*other) == IdList{id});
  CHECK(bench.Status(id) == "gone");
  try {
    SettleAll(*batch, Outcome::kSent);
    session->Claim(Everything());  // if not at once, then now
    FAIL("progress was moved by two");
  } catch (const StoreUnavailable& error) {
    CHECK(error.reason() == StoreUnavailable::Reason::kLost);
  }
  CHECK(bench.admin().Value("SELECT count(*) FROM outbox_parked") == "0");
}

TEST_CASE("a sample of a log tells what was refused, and what waits of each topic", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const auto keeper = bench.store().ConnectKeeper();
  CHECK(keeper->Sample().topics_complete);
  const auto refused = bench.Insert("t", "k", "p");
  SettleAll(*session->Claim(Everything()), Outcome::kFailed);
  SharedControl control;
  control.paused_topics = {"held"};
  bench.SetControl(control);
  for (int i = 0; i < 3; ++i) bench.Insert("held", "k", "p");
  while (bench.admin().Value("SELECT count(*) FROM outbox_parked") != "4") session->Claim(Everything());
  bench.Insert("t", "k", "p");
  const TableSample sample = keeper->Sample();
  CHECK(sample.pending == 4);
  REQUIRE(sample.topics.size() == 2);
  CHECK(sample.topics[0].topic == "held");
  CHECK(sample.topics[0].pending == 3);
  CHECK(sample.topics[1].pending == 1);
  CHECK(sample.topics_complete);
  REQUIRE(sample.refused.size() == 1);
  CHECK(sample.refused[0].id == refused);
  CHECK(sample.refused[0].failed);
}

TEST_CASE("a password that cannot be read for a moment ends nobody", "[contract]") {
  PostgresBench bench(Completion::kLog);
  bench.Insert("t", "k", "p");
  int asked = 0;
  PostgresSettings postgres;
  postgres.conninfo = bench.conninfo();
  postgres.password = [&]() -> std::string {
    if (++asked == 3) throw std::runtime_error("no such file");  // after worker and guard the stream
    return "unused";
  };
  OutboxSettings outbox;
  outbox.name = "contract";
  outbox.completion = Completion::kLog;
  RecordingObserver observer;
  LogStore store(postgres, outbox, observer);
  CHECK_THROWS_AS(store.Connect()->Claim(Everything()), StoreUnavailable);
  const auto session = store.Connect();
  CHECK(AwaitIds(*session) == IdList{1});
}

TEST_CASE("the guard holds back no vacuum", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  CHECK(bench.admin().Value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            " AND application_name LIKE '% guard' AND state = 'idle in transaction'"
                            " AND backend_xid IS NULL AND backend_xmin IS NULL") == "1");
}

TEST_CASE("an idle relay of a log writes nothing and takes no xid", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  for (int i = 0; i < 5; ++i) session->Claim(Everything());
  const auto state = [&] {
    return bench.admin().Value(
        "SELECT version || ' ' || pg_snapshot_xmax(pg_current_snapshot())::text FROM outbox_progress");
  };
  const std::string before = state();
  for (int i = 0; i < 20; ++i) CHECK(session->Claim(Everything())->messages().empty());
  CHECK(state() == before);
}

TEST_CASE("a refused row and later ones of its unit are parked together with the progress over them",
          "[contract]") {
  PostgresBench bench(Completion::kLog);
  auto session = bench.Connect();
  const IdList ids = {bench.Insert("t", "k", "p"), bench.Insert("t", "k", "p"), bench.Insert("t", "l", "p")};
  {
    const auto batch = session->Claim(Everything());
    REQUIRE(batch->messages().size() == 3);
    Settlement settlement;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::int64_t id = batch->messages()[i].id;
      settlement.outcomes.push_back(id == ids[0]   ? Outcome::kRetry
                                    : id == ids[1] ? Outcome::kWait
                                                   : Outcome::kSent);
      if (id == ids[0]) settlement.refusals.push_back({i, seconds(3600), "policy"});
    }
    batch->Settle(settlement);
  }
  CHECK(Drain(*session, Everything()) == IdList{});
  session->Claim(Everything());  // progress moves with the next one
  CHECK(bench.admin().Value("SELECT string_agg(id || ' ' || status, ', ' ORDER BY id) FROM outbox_parked") ==
        std::to_string(ids[0]) + " retrying, " + std::to_string(ids[1]) + " pending");
  const auto later = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{});
  // The next relay knows it from the table.
  session.reset();
  LoseGuard(bench);
  const auto other_store = bench.OtherStore();
  const auto other = other_store->Connect();
  const auto last = bench.Insert("t", "k", "p");
  const auto free = bench.Insert("t", "l", "p");
  CHECK(AwaitIds(*other) == IdList{free});
  bench.MakeDue(ids[0]);
  CHECK(AwaitIds(*other) == IdList{ids[0], ids[1], later, last});
  CHECK(bench.admin().Value("SELECT count(*) FROM outbox_parked") == "0");
  // And takes the way of the log again, at once and not by the table.
  CHECK(WaitFor([&] {
    const auto next = bench.Insert("t", "k", "p");
    const auto batch = other->Claim(Everything());
    if (Ids(*batch) == IdList{next}) {
      SettleAll(*batch, Outcome::kSent);
      return true;
    }
    CHECK(AwaitIds(*other) == IdList{next});
    return false;
  }));
}

TEST_CASE("a failed row holds its unit from the moment on in which failed rows block", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const auto failed = bench.Insert("t", "k", "p");
  SettleAll(*session->Claim(Everything()), Outcome::kFailed);
  const auto next = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{next});
  CHECK(bench.Status(failed) == "failed");
  SharedControl control;
  control.on_failed = OnFailed::kBlock;
  bench.SetControl(control);
  Drain(*session, Everything());
  REQUIRE(session->control().on_failed == OnFailed::kBlock);
  const auto later = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == IdList{});
  bench.SetControl({});
  CHECK(AwaitIds(*session) == IdList{later});
}

TEST_CASE("progress that tells of another cluster, or of what this one never had, is refused", "[contract]") {
  const std::string where = GENERATE(
      as<std::string>{}, "system_identifier = 1", "upto = 1000, snapshot = '3:3:'",
      "last_drawn = 1000, next_snapshot = '3:3:'", "snapshot = '900000000000:900000000001:900000000000'");
  INFO(where);
  PostgresBench bench(Completion::kLog);
  bench.admin().Run("UPDATE outbox_progress SET " + where);
  const auto session = bench.store().Connect();
  bench.Insert("t", "k", "p");
  try {
    session->Claim(Everything());
    FAIL("it was not refused");
  } catch (const StoreUnavailable& error) {
    CHECK(error.reason() == StoreUnavailable::Reason::kSchema);
  }
}

TEST_CASE("a sequence that was set back is noticed", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  for (int i = 0; i < 3; ++i) bench.Insert("t", "k", "p");
  Drain(*session, Everything());
  bench.admin().Run("SELECT setval('outbox_id_seq', 1)");
  CHECK_THROWS_AS(session->Claim(Everything()), StoreUnavailable);
  bench.admin().Run("SELECT setval('outbox_id_seq', 100)");  // what has those ids now would be taken for done
  CHECK_THROWS_AS(session->Claim(Everything()), StoreUnavailable);
}

// Whatever else would be a failure of the sample: partitions, of which there are some ahead, are no reason.
TEST_CASE("to make partitions, or to drop them, fails nobody who is in the way", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto keeper = bench.store().ConnectKeeper();
  const auto session = bench.Connect();
  const auto partitions = [&] {
    return bench.admin().Value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox'::regclass");
  };
  bench.admin().Run(
      "ALTER SEQUENCE outbox_id_seq RESTART WITH 10000001; INSERT INTO outbox (topic) VALUES ('t')");
  CHECK(Drain(*session, Everything()).size() == 1);
  const std::string before = partitions();
  Sql owner(bench.conninfo());
  for (const std::string lock :
       {"SELECT pg_advisory_xact_lock('outbox'::regclass::oid::integer, 1003)",
        "LOCK TABLE ONLY outbox IN SHARE UPDATE EXCLUSIVE MODE", "LOCK TABLE ONLY outbox_1 IN SHARE MODE"}) {
    INFO(lock);
    owner.Run("BEGIN; " + lock);
    if (lock.find("outbox_1") == lock.npos) {
      CHECK_NOTHROW(keeper->MakeRoom());
      CHECK(partitions() == before);
    }
    if (lock.find("1003") == lock.npos) CHECK(keeper->Purge(seconds(0), 1).messages == 0);
    owner.Run("ROLLBACK");
  }
  keeper->MakeRoom();
  CHECK(std::stoi(partitions()) > std::stoi(before));
  CHECK(keeper->Purge(seconds(0), 1).messages == 10'000'000);
}

TEST_CASE("partitions are made ahead, and dropped when all is done and old enough", "[contract]") {
  PostgresBench bench(Completion::kLog);
  bench.admin().Run(
      "DROP TABLE outbox_10000001, outbox_20000001, outbox_30000001; TRUNCATE outbox; DROP TABLE outbox_1;"
      "INSERT INTO outbox_control (name, value) VALUES ('partition_rows', '100')");
  const auto keeper = bench.store().ConnectKeeper();
  keeper->MakeRoom();
  const auto session = bench.Connect();
  Sql late = bench.Producer();
  for (int i = 0; i < 150; ++i) bench.Insert("t", "k", "p");
  late.Run("BEGIN; " + kInsert);  // id 151
  for (int i = 0; i < 150; ++i) bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()).size() == 300);
  CHECK(keeper->Purge(seconds(3600), 1).messages == 0);  // too young
  CHECK(keeper->Purge(seconds(0), 1).messages == 0);     // nobody may wait for us, and so we do not wait
  late.Run("COMMIT");
  CHECK(Drain(*session, Everything()) == IdList{151});
  Drain(*session, Everything());
  bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()).size() == 1);
  CHECK(keeper->Purge(seconds(0), 1).messages == 300);
  CHECK(bench.admin().Value("SELECT min(id) FROM outbox") == "301");
}

}  // namespace
}  // namespace outbox::test
