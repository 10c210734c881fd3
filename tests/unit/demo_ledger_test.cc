// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "demo/ledger.h"
#include "support/catch.h"

namespace outbox {
namespace {

struct Books {
  Ledger ledger{2};

  void Commit(int key, std::int64_t number) { ledger.OnCommitted(std::array{Ticket{key, number, {}}}); }
  void Consume(int key, std::int64_t number) {
    ledger.OnConsumed(Ticket{key, number, microseconds(1'000)}.Payload(), microseconds(4'000));
  }
};

}  // namespace

TEST_CASE("a ticket survives its way through a payload") {
  const auto ticket = Ticket::Parse(Ticket{7, 12, microseconds(1'712'345'678'901'234)}.Payload());
  REQUIRE(ticket);
  CHECK(ticket->key == 7);
  CHECK(ticket->number == 12);
  CHECK(ticket->at == microseconds(1'712'345'678'901'234));
  CHECK_FALSE(Ticket::Parse("hello"));
}

TEST_CASE("messages in order, each once, are sound and leave nothing missing") {
  Books books;
  for (std::int64_t n = 1; n <= 3; ++n) {
    books.Commit(0, n);
    books.Commit(1, n);
  }
  CHECK(books.ledger.Missing() == 6);
  CHECK(books.ledger.totals().backlog() == 6);
  for (std::int64_t n = 1; n <= 3; ++n) {
    books.Consume(1, n);
    books.Consume(0, n);
  }
  CHECK(books.ledger.totals().sound());
  CHECK(books.ledger.totals().delivered == 6);
  CHECK(books.ledger.Missing() == 0);
}

TEST_CASE("a message that comes after a later one of its key is out of order") {
  Books books;
  for (std::int64_t n = 1; n <= 3; ++n) books.Commit(0, n);
  books.Consume(0, 1);
  books.Consume(0, 3);
  CHECK(books.ledger.totals().out_of_order == 0);
  CHECK(books.ledger.Missing() == 1);
  books.Consume(0, 2);
  CHECK(books.ledger.totals().out_of_order == 1);
  CHECK_FALSE(books.ledger.totals().sound());
  CHECK(books.ledger.Missing() == 0);
}

TEST_CASE("repeats are duplicates, and no fault, also when they repeat earlier messages") {
  Books books;
  for (std::int64_t n = 1; n <= 2; ++n) books.Commit(0, n);
  for (const std::int64_t n : {1, 2, 1, 2}) books.Consume(0, n);
  CHECK(books.ledger.totals().duplicates == 2);
  CHECK(books.ledger.totals().delivered == 2);
  CHECK(books.ledger.totals().sound());
}

TEST_CASE("what was rolled back or never written may not arrive") {
  for (const std::string& payload :
       {Ticket{0, Ticket::kVoid, {}}.Payload(), Ticket{2, 1, {}}.Payload(), std::string("hello")}) {
    Books books;
    books.ledger.OnConsumed(payload, microseconds(0));
    CHECK(books.ledger.totals().ghosts == 1);
    CHECK_FALSE(books.ledger.totals().sound());
  }
}

TEST_CASE("latencies of a disturbed time count for the moment only") {
  Books books;
  books.Commit(0, 1);
  books.Consume(0, 1);
  books.ledger.SetDisturbed(true);
  books.Consume(0, 2);
  CHECK(books.ledger.undisturbed().count() == 1);
  CHECK(books.ledger.TakeRecent().count() == 2);
  CHECK(books.ledger.TakeRecent().count() == 0);
}

TEST_CASE("a percentile is right to within 5 %") {
  LatencyHistogram latency;
  CHECK_FALSE(latency.Percentile(0.5));
  for (int ms = 1; ms <= 1'000; ++ms) latency.Add(milliseconds(ms));
  const auto near = [&](double share, double expected) {
    const double found = static_cast<double>(latency.Percentile(share)->count()) / 1'000;
    return found >= expected * 0.95 && found <= expected * 1.05;
  };
  CHECK(near(0.5, 500));
  CHECK(near(0.99, 990));
  CHECK(near(1, 1'000));
}

}  // namespace outbox
