// SPDX-License-Identifier: Apache-2.0
#include "campaign/checker.h"

#include "campaign/murmur2.h"
#include "support/catch.h"

namespace outbox::campaign {
namespace {

using namespace std::chrono_literals;

constexpr int kPartitions = 6;

// A small history, told step by step: writes to one key, and what a consumer reads.
class History {
 public:
  WrittenRow Row(std::int64_t transaction, std::int64_t sequence, RowKind kind = RowKind::kPlain) const {
    return {{1, transaction}, 0, "orders", "k1", sequence, false, kind};
  }
  WrittenRow Committed(std::int64_t transaction, RowKind kind = RowKind::kPlain) {
    const WrittenRow row = Row(transaction, transaction, kind);
    checker.Intend({row});
    checker.Commit(row.transaction);
    ++outbox.sent;
    ++outbox.transactions;
    return row;
  }
  test::Record Record(const WrittenRow& row) {
    return {row.topic,
            row.key ? JavaPartition(*row.key, kPartitions) : 0,
            offset_++,
            row.key,
            row.Payload(),
            {{"id", row.MessageId()}, {"type", "changed"}, {"writer", "1"}},
            0};
  }
  void StartTopicAnew() { offset_ = 0; }
  void Read(const WrittenRow& row) { checker.See(Record(row), now); }
  // True: that check, and no other, has something to say.
  bool Only(Check check) {
    const Findings findings = Concluded();
    for (std::size_t c = 0; c < kChecks; ++c) {
      const bool wanted = static_cast<Check>(c) == check;
      for (const auto& example : findings.examples(static_cast<Check>(c))) UNSCOPED_INFO(example);
      if ((findings.count(static_cast<Check>(c)) > 0) != wanted) return false;
    }
    return true;
  }
  Findings Concluded() {
    checker.Conclude(outbox);
    return checker.findings();
  }

  DeliveryChecker checker{{{.in_flight = 2}, {{"orders", kPartitions}}}};
  OutboxState outbox;
  Moment now{};

 private:
  std::int64_t offset_ = 0;
};

}  // namespace

TEST_CASE("a clean history has no findings, and leaves nothing but its keys in memory") {
  History history;
  for (std::int64_t t = 1; t <= 100; ++t) history.Read(history.Committed(t));
  WrittenRow wild = history.Row(101, 0);
  wild.key.reset();
  history.checker.Intend({wild});
  history.Read(wild);  // the reader may be faster than the answer to COMMIT
  history.checker.Commit(wild.transaction);
  ++history.outbox.sent;
  ++history.outbox.transactions;
  CHECK(history.Concluded().none());
  CHECK(history.checker.counts().remembered == 1);
}

TEST_CASE("a message that its writer rolled back is a phantom") {
  History history;
  history.Committed(1);
  SECTION("by intention") {
    WrittenRow doomed = history.Row(1, 1);
    doomed.doomed = true;
    history.Read(history.Row(1, 1));
    history.Read(doomed);
    CHECK(history.Only(Check::kPhantom));
  }
  SECTION("because of a fault, found out before it arrives") {
    history.Read(history.Row(1, 1));
    history.checker.Intend({history.Row(2, 2)});
    history.checker.RollBack({1, 2});
    history.Read(history.Row(2, 2));
    CHECK(history.Only(Check::kPhantom));
  }
  SECTION("because of a fault, found out after it arrived") {
    history.Read(history.Row(1, 1));
    history.checker.Intend({history.Row(2, 2)});
    history.Read(history.Row(2, 2));
    history.checker.RollBack({1, 2});
    CHECK(history.Only(Check::kPhantom));
  }
  SECTION("before it was intended at all") {
    history.Read(history.Row(1, 1));
    history.checker.RollBack({1, 2});
    history.Read(history.Row(2, 2));
    CHECK(history.Only(Check::kPhantom));
  }
}

TEST_CASE("a message that nobody wrote is a phantom") {
  History history;
  history.Read(history.Committed(1));
  history.Read(history.Row(2, 2));
  CHECK(history.Only(Check::kPhantom));
}

TEST_CASE("whatever differs from what was written is a breach of integrity") {
  History history;
  test::Record record = history.Record(history.Committed(1));
  SECTION("the key") { record.key = "k2"; }
  SECTION("the id") { record.headers[0].second = history.Row(7, 7).MessageId(); }
  SECTION("the type") { record.headers.erase(record.headers.begin() + 1); }
  SECTION("a header of its own") { record.headers.pop_back(); }
  SECTION("the partition") { record.partition = (record.partition + 1) % kPartitions; }
  history.checker.See(record, history.now);
  CHECK(history.Only(Check::kIntegrity));
}

TEST_CASE("a payload that is damaged or missing is a breach of integrity, and the message is lost") {
  History history;
  test::Record record = history.Record(history.Committed(1));
  SECTION("cut") { record.payload->pop_back(); }
  SECTION("changed") { (*record.payload)[0] = '2'; }
  SECTION("none") { record.payload.reset(); }
  history.checker.See(record, history.now);
  const Findings findings = history.Concluded();
  CHECK(findings.count(Check::kIntegrity) == 1);
  CHECK(findings.count(Check::kLoss) == 1);
}

TEST_CASE("the topic is part of what was written") {
  History history;
  test::Record record = history.Record(history.Committed(1));
  record.topic = "ledger";
  history.checker.See(record, history.now);
  CHECK(history.Only(Check::kIntegrity));
}

TEST_CASE("a reader that goes back is noticed, and its repeats are no duplicates") {
  History history;
  const test::Record record = history.Record(history.Committed(1));
  history.checker.See(record, history.now);
  history.checker.See(record, history.now);
  CHECK(history.Only(Check::kIntegrity));
  CHECK(history.checker.counts().duplicates == 0);
}

TEST_CASE("a committed message that never arrives is lost") {
  History history;
  const WrittenRow row = history.Committed(1);
  REQUIRE(history.checker.Unseen(10) == std::vector<std::string>{row.MessageId()});
  SECTION("pending: and the backlog does not go away") {
    history.outbox = {
        .sent = 0, .unsettled = 1, .rows = {{row.MessageId(), {"pending", 0, "", {}}}}, .transactions = 1};
    const Findings findings = history.Concluded();
    CHECK(findings.count(Check::kLoss) == 1);
    CHECK(findings.count(Check::kLiveness) == 1);
    CHECK(findings.count(Check::kDatabase) == 0);
  }
  SECTION("sent: and the database is wrong") {
    history.outbox.rows = {{row.MessageId(), {"sent", 0, "", {}}}};
    const Findings findings = history.Concluded();
    CHECK(findings.count(Check::kLoss) == 1);
    CHECK(findings.count(Check::kDatabase) == 1);
  }
  SECTION("deleted: and the database is wrong") {
    history.outbox.keeps_sent = false;
    history.outbox.sent = 0;
    const Findings findings = history.Concluded();
    CHECK(findings.count(Check::kLoss) == 1);
    CHECK(findings.count(Check::kDatabase) == 1);
  }
}

TEST_CASE("a failed message is not lost if a fault refused it and the reason stands there") {
  History history;
  const WrittenRow row = history.Committed(1, RowKind::kLarge);
  history.outbox.sent = 0;
  OutboxState::Row failed{"failed", 1, "too large", RowKind::kLarge};
  SECTION("so") {
    history.checker.FaultBegins(history.now, RowKind::kLarge);
    history.outbox.rows = {{row.MessageId(), failed}};
    CHECK(history.Concluded().none());
  }
  SECTION("without a fault") {
    history.outbox.rows = {{row.MessageId(), failed}};
    CHECK(history.Only(Check::kLoss));
  }
  SECTION("without a reason") {
    failed.error.clear();
    history.checker.FaultBegins(history.now, RowKind::kLarge);
    history.outbox.rows = {{row.MessageId(), failed}};
    CHECK(history.Only(Check::kLoss));
  }
}

TEST_CASE("a message that an operator discarded is not lost, and no other one is gone") {
  History history;
  const WrittenRow row = history.Committed(1);
  history.outbox.sent -= 1;
  SECTION("this one") {
    history.outbox.discarded.insert(row.MessageId());
    CHECK(history.Concluded().none());
  }
  SECTION("another one") {
    history.outbox.discarded.insert(history.Row(2, 2).MessageId());
    history.Read(history.Committed(2));
    history.outbox.sent -= 1;
    CHECK(history.Concluded().count(Check::kLoss) == 1);
  }
}

TEST_CASE("an innocent message that was charged with an attempt is found in the database") {
  History history;
  const WrittenRow row = history.Committed(1);
  history.Read(row);
  history.checker.FaultBegins(history.now, RowKind::kLarge);
  history.outbox.rows = {{row.MessageId(), {"sent", 1, "", RowKind::kPlain}}};
  CHECK(history.Only(Check::kDatabase));
}

TEST_CASE("a first copy that arrives after a later one of its key is out of order") {
  History history;
  const WrittenRow first = history.Committed(1);
  const WrittenRow second = history.Committed(2);
  history.Read(second);
  history.Read(first);
  CHECK(history.Only(Check::kOrder));
}

TEST_CASE("a large message may come late once a fault refused such messages, a plain one may not") {
  History history;
  const bool large = GENERATE(true, false);
  const WrittenRow first = history.Committed(1, large ? RowKind::kLarge : RowKind::kPlain);
  history.checker.FaultBegins(history.now, RowKind::kLarge);
  history.Read(history.Committed(2));
  history.Read(first);
  CHECK(history.Concluded().none() == large);
  CHECK(history.checker.counts().late == (large ? 1 : 0));
}

TEST_CASE("a repeat wants a fault nearby") {
  History history;
  const WrittenRow row = history.Committed(1);
  history.Read(row);
  SECTION("none") {
    history.Read(row);
    CHECK(history.Only(Check::kDuplicates));
  }
  SECTION("one") {
    const auto fault = history.checker.FaultBegins(history.now);
    history.checker.FaultHeals(fault, history.now + 1s);
    history.now += 20s;
    history.Read(row);
    CHECK(history.Concluded().none());
  }
  SECTION("one long ago") {
    const auto fault = history.checker.FaultBegins(history.now);
    history.checker.FaultHeals(fault, history.now + 1s);
    history.now += 22s;
    history.Read(row);
    CHECK(history.Only(Check::kDuplicates));
  }
  SECTION("one, and more repeats than were in flight") {
    const auto fault = history.checker.FaultBegins(history.now);
    history.checker.FaultHeals(fault, history.now + 1s);
    for (int i = 0; i < 3; ++i) history.Read(row);
    CHECK(history.Only(Check::kDuplicates));
  }
  SECTION("one that lasts, and repeats what is in flight at each deadline") {
    const auto fault = history.checker.FaultBegins(history.now);
    history.checker.FaultHeals(fault, history.now + 4s);
    for (int i = 0; i < 4; ++i) history.Read(row);
    CHECK(history.Concluded().none());
  }
}

TEST_CASE("rows that the database counts otherwise are found") {
  History history;
  history.Read(history.Committed(1));
  history.outbox.sent += 1;
  CHECK(history.Only(Check::kDatabase));
}

TEST_CASE("the judge's own books must agree") {
  History history;
  history.Read(history.Committed(1));
  history.outbox.transactions += 1;
  CHECK(history.Only(Check::kBooks));
}

TEST_CASE("a transaction whose result nobody settled is found in the books") {
  History history;
  history.checker.Intend({history.Row(1, 1)});
  CHECK(history.Only(Check::kBooks));
}

TEST_CASE("what others found is in the verdict") {
  History history;
  const Check check = GENERATE(Check::kLiveness, Check::kMetrics);
  history.checker.Complain(check, "found");
  CHECK(history.Only(check));
}

TEST_CASE("the partitions are those of the Java client") {
  const std::vector<std::pair<std::string, int>> by_java = {{"", 646681},     {"a", 102524},
                                                            {"ab", 155434},   {"abc", 470107},
                                                            {"abcd", 834100}, {"orders/1234567", 184697},
                                                            {"k1", 45097},    {"üß€", 320969}};
  for (const auto& [key, partition] : by_java) CHECK(JavaPartition(key, 1'000'000) == partition);
}

TEST_CASE("what was in a topic when it was deleted may be missing") {
  History history;
  history.Read(history.Committed(1));
  history.outbox.rows[history.Committed(2).MessageId()] = {.status = "sent"};
  history.checker.TopicDeleted("orders");
  history.StartTopicAnew();
  SECTION("and nothing else is") {
    history.Read(history.Committed(3));
    CHECK(history.Concluded().none());
    CHECK(history.checker.counts().deleted == 1);
  }
  SECTION("unless it was never sent") {
    history.outbox.rows[history.Row(2, 2).MessageId()] = {.status = "pending"};
    CHECK(history.Only(Check::kLoss));
  }
  SECTION("but not what was written later") {
    history.Committed(3);
    CHECK(history.Concluded().count(Check::kLoss) == 1);
  }
}

}  // namespace outbox::campaign
