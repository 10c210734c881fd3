// SPDX-License-Identifier: Apache-2.0
//
// How the rows of a log are read: over a stream of their own, in PostgreSQL's binary form.
#include <thread>

#include "postgres/log_statements.h"
#include "store_bench.h"
#include "support/catch.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

constexpr microseconds kOneMillisecond{1'000};

TEST_CASE("a row of a log is read as it was inserted", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  bench.Producer().Run(
      "INSERT INTO outbox (message_id, topic, key, type, payload_bytes, headers, created_at) VALUES"
      " ('01234567-89ab-cdef-fedc-ba9876543210', 't\u00f6pic', 'k\u20ac', 'paid', '\\x00ff5c',"
      "  '{\"trace\": \"x\"}', '2024-02-29 12:00:00.123456+00'),"
      " (DEFAULT, 't', NULL, NULL, NULL, NULL, '-infinity'), (DEFAULT, 't', '', '', '', '{}', 'infinity')");
  const auto batch = session->Claim(Everything());
  REQUIRE(batch->messages().size() == 3);
  const auto find = [&](std::int64_t id) {
    for (const Message& message : batch->messages()) {
      if (message.id == id) return message;
    }
    FAIL("no row " << id);
    return Message{};
  };
  const Message full = find(1);
  CHECK(full.message_id == "01234567-89ab-cdef-fedc-ba9876543210");
  CHECK(full.topic == "t\u00f6pic");
  CHECK(full.key == "k\u20ac");
  CHECK(full.type == "paid");
  CHECK(full.payload == std::string_view("\0\xff\\", 3));
  CHECK(full.headers == "{\"trace\": \"x\"}");
  CHECK(full.created_at == microseconds(1'709'208'000'123'456));
  const std::string lane =
      bench.admin().Value("SELECT hashtextextended(key, 0) & 63 FROM outbox WHERE id = 1");
  CHECK(std::to_string(full.lane) == lane);

  const Message bare = find(2);
  CHECK_FALSE(bare.key);
  CHECK_FALSE(bare.payload);
  CHECK(bare.type.empty());
  CHECK(bare.headers.empty());
  CHECK(bare.created_at == kOneMillisecond);
  const Message blank = find(3);
  CHECK(blank.key == "");
  CHECK(blank.payload == "");
  CHECK(blank.headers == "{}");
  CHECK(blank.created_at == microseconds(253'402'214'400'000'000));
}

TEST_CASE("rows of a log are read in few bytes, however large they are", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  bench.Producer().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 't', 'k', repeat('x', CASE WHEN i % 3 = 0 THEN 10000 "
      "ELSE 100 END) FROM generate_series(1, 60) i");
  ClaimRequest request = Everything();
  request.bytes = 25'000;
  request.max_payload = 1'000'000;
  std::vector<std::int64_t> ids;
  for (int claims = 0; ids.size() < 60 && claims < 60; ++claims) {
    const auto batch = session->Claim(request);
    std::size_t bytes = 0;
    for (const Message& message : batch->messages()) {
      CHECK(message.oversize == 0);
      bytes += message.payload->size();
      ids.push_back(message.id);
    }
    CHECK(bytes <= 25'000);
    SettleAll(*batch, Outcome::kSent);
  }
  std::vector<std::int64_t> expected;
  for (std::int64_t id = 1; id <= 60; ++id) expected.push_back(id);
  CHECK(ids == expected);
}

TEST_CASE("a claim of a log does not wait for messages that come while it reads", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const std::jthread producer([&] {
    Sql sql = bench.Producer();
    sql.Run("SET synchronous_commit = off");
    sql.Run(
        "DO $$ BEGIN FOR i IN 1..50000 LOOP INSERT INTO outbox (topic, payload) VALUES ('t', 'p'); COMMIT;"
        " END LOOP; END $$");
  });
  ClaimRequest request = Everything();
  request.messages = 100'000;
  std::size_t first = 0;
  CHECK(WaitFor([&] { return (first = session->Claim(request)->messages().size()) > 0; }));
  CHECK(first < 2'000);
}

TEST_CASE("rows of a log that are here do not wait for progress to be written", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const auto other = bench.Connect();
  bench.Insert("held", {}, "p");
  const auto first = bench.Insert("t", {}, "p");
  ClaimRequest request = Everything();
  request.held_topics = {"held"};
  const auto batch = session->Claim(request);
  REQUIRE(Ids(*batch) == std::vector<std::int64_t>{first});
  bench.admin().Run("BEGIN; SELECT FROM outbox_progress FOR UPDATE");  // which may now move past the held one
  const auto second = bench.Insert("t", {}, "p");
  CHECK(Ids(*other->Claim(request)) == std::vector<std::int64_t>{second});
  bench.admin().Run("ROLLBACK");
  SettleAll(*batch, Outcome::kSent);
  CHECK(other->Claim(request)->messages().size() == 1);
  CHECK(bench.Status(1) == "pending");
}

TEST_CASE("a log whose stream was cut off is read again from where it was done", "[contract]") {
  PostgresBench bench(Completion::kLog);
  auto session = bench.Connect();
  const auto first = bench.Insert("t", "k", "p");
  CHECK(Drain(*session, Everything()) == std::vector<std::int64_t>{first});
  const std::string readers =
      " FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name LIKE '% reader'";
  REQUIRE(bench.admin().Value("SELECT count(*)" + readers) == "1");
  bench.admin().Run("SELECT pg_terminate_backend(pid)" + readers);
  const auto second = bench.Insert("t", "k", "p");
  REQUIRE_THROWS_AS(session->Claim(Everything()), StoreUnavailable);
  session = bench.store().Connect();
  CHECK(Drain(*session, Everything()) == std::vector<std::int64_t>{second});
}

TEST_CASE("each read of a log is the same statement to whoever counts statements", "[contract]") {
  const LogStatements statements("public");
  const auto copied = [&](const LogRead& what) {
    const std::string text = statements.Read(what);
    return text.substr(text.rfind("/* outbox-relay: read"));
  };
  LogRead what{.above = 1, .upto = 2, .now = "3:3:", .rows = 4, .fits = 5, .bytes = 6, .timeout = seconds(7)};
  const std::string first = copied(what);
  CHECK(first.find("COPY") != first.npos);
  what.above = 1'000'000;
  what.now = "1000:1003:1001,1002";
  CHECK(copied(what) == first);
  what.before = "3:3:";
  CHECK(copied(what) != first);
}

// What the planner considers it locks.
TEST_CASE("a read of a log plans for the partitions that hold what it reads, and no others", "[contract]") {
  PostgresBench bench(Completion::kLog);
  const auto session = bench.Connect();
  const auto first = bench.Insert("t", "k", "p");
  bench.admin().Run("BEGIN; LOCK TABLE ONLY outbox_10000001 IN ACCESS EXCLUSIVE MODE");
  CHECK(Drain(*session, Everything()) == std::vector<std::int64_t>{first});
  bench.admin().Run("ROLLBACK; SELECT setval('outbox_id_seq', 9999999)");
  const auto last = bench.Insert("t", "k", "p");
  const auto next = bench.Insert("t", "k", "p");
  REQUIRE(last == 10'000'000);
  CHECK(Drain(*session, Everything()) == std::vector<std::int64_t>{last, next});
}

}  // namespace
}  // namespace outbox::test
