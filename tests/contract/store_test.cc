// SPDX-License-Identifier: Apache-2.0
//
// What every OutboxStore keeps to. Each test runs on the one in memory and on PostgreSQL, in both
// completion modes.
#include <algorithm>
#include <map>

#include "store_bench.h"
#include "support/catch.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;

IdList Sorted(IdList ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST_CASE("due messages come lane by lane, in id order within each", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    IdList inserted;
    for (int i = 0; i < 60; ++i) inserted.push_back(bench.Insert("t", "k" + std::to_string(i % 10), "p"));
    const auto batch = session->Claim(Everything());
    std::map<int, std::int64_t> newest;
    for (const Message& message : batch->messages()) {
      CHECK(newest[message.lane] < message.id);
      newest[message.lane] = message.id;
    }
    CHECK(static_cast<int>(newest.size()) == batch->lanes());
    CHECK(Sorted(Ids(*batch)) == inserted);
    CHECK_FALSE(batch->full());
  });
}

TEST_CASE("a message tells what the service wrote", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto keyed = bench.Insert("orders", "42", "it's paid");
    const auto tombstone = bench.Insert("orders", "42", std::nullopt);
    const auto loose = bench.Insert("orders", std::nullopt, "");
    const auto batch = session->Claim(Everything());
    REQUIRE(batch->messages().size() == 3);
    for (const Message& message : batch->messages()) {
      CHECK(message.topic == "orders");
      CHECK_FALSE(message.message_id.empty());
      CHECK(message.attempts == 0);
      CHECK_FALSE(message.retrying);
      CHECK(message.oversize == 0);
      CHECK(message.age >= microseconds(0));
      CHECK(message.age < seconds(60));
      CHECK(message.key.has_value() == (message.id != loose));
      CHECK(message.payload.has_value() == (message.id != tombstone));
      if (message.id == keyed) CHECK(*message.payload == "it's paid");
      if (message.id == keyed) CHECK(*message.key == "42");
      if (message.id == loose) CHECK(message.payload->empty());
    }
  });
}

TEST_CASE("nothing is claimed by anyone else while it is claimed", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto first = bench.Connect();
    const auto second = bench.Connect();
    const auto id = bench.Insert("t", "k", "p");
    const auto batch = first->Claim(Everything());
    CHECK(Ids(*batch) == IdList{id});
    CHECK(Ids(*second->Claim(Everything())) == IdList{});
    SettleAll(*batch, Outcome::kSent);
    CHECK(Ids(*second->Claim(Everything())) == IdList{});
    CHECK(bench.Status(id) == bench.sent());
  });
}

TEST_CASE("a message of a claimed lane is not claimed, though it came later", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto first = bench.Connect();
    const auto second = bench.Connect();
    bench.Insert("t", "k", "p");
    auto batch = first->Claim(Everything());
    const auto later = bench.Insert("t", "k", "p");
    CHECK(Ids(*second->Claim(Everything())) == IdList{});
    SettleAll(*batch, Outcome::kSent);
    batch.reset();
    CHECK(Ids(*second->Claim(Everything())) == IdList{later});
  });
}

TEST_CASE("a batch that is destroyed gives everything back", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto first = bench.Connect();
    const auto second = bench.Connect();
    const IdList inserted = {bench.Insert("t", "k", "p"), bench.Insert("t", "k", "p")};
    first->Claim(Everything()).reset();
    CHECK(Ids(*second->Claim(Everything())) == inserted);
    CHECK(bench.Status(inserted[0]) == "pending");
    CHECK(Drain(*first, Everything()) == inserted);
  });
}

TEST_CASE("nothing is due only when nobody holds anything either", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto first = bench.Connect();
    const auto second = bench.Connect();
    CHECK(second->Claim(Everything())->messages().empty());
    CHECK(second->nothing_due());
    bench.Insert("t", "k", "p");
    auto batch = first->Claim(Everything());
    CHECK_FALSE(first->nothing_due());
    CHECK(second->Claim(Everything())->messages().empty());
    CHECK_FALSE(second->nothing_due());
    batch.reset();  // given back
    batch = first->Claim(Everything());
    SettleAll(*batch, Outcome::kSent);
    batch.reset();
    CHECK(second->Claim(Everything())->messages().empty());
    CHECK(second->nothing_due());
    SharedControl paused;
    paused.paused = true;
    bench.SetControl(paused);
    bench.Insert("t", "k", "p");
    for (int i = 0; i < 2; ++i) second->Claim(Everything());  // the first hears of the pause
    CHECK(second->nothing_due());
  });
}

TEST_CASE("every outcome ends as it should", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    IdList ids;
    for (int i = 0; i < 4; ++i) ids.push_back(bench.Insert("t", "k" + std::to_string(i), "p"));
    {
      const auto batch = session->Claim(Everything());
      REQUIRE(batch->messages().size() == 4);
      Settlement settlement;
      for (std::size_t i = 0; i < 4; ++i) {
        const std::int64_t id = batch->messages()[i].id;
        settlement.outcomes.push_back(id == ids[0]   ? Outcome::kSent
                                      : id == ids[1] ? Outcome::kRetry
                                      : id == ids[2] ? Outcome::kFailed
                                                     : Outcome::kWait);
        if (id == ids[1]) settlement.refusals.push_back({i, seconds(3600), "it's \"{refused}\", \\ again"});
        if (id == ids[2]) settlement.refusals.push_back({i, milliseconds(0), "too_large"});
      }
      batch->Settle(settlement);
    }
    CHECK(bench.Status(ids[0]) == bench.sent());
    CHECK(bench.Status(ids[1]) == "retrying");
    CHECK(bench.Attempts(ids[1]) == 1);
    CHECK(bench.LastError(ids[1]) == "it's \"{refused}\", \\ again");
    CHECK(bench.Status(ids[2]) == "failed");
    CHECK(bench.Attempts(ids[2]) == 1);
    CHECK(bench.LastError(ids[2]) == "too_large");
    CHECK(bench.Status(ids[3]) == "pending");
    CHECK(bench.Attempts(ids[3]) == 0);
    CHECK(Drain(*session, Everything()) == IdList{ids[3]});  // the retry is not due for an hour
  });
}

// Settles message `id` in one way, and the others of the batch as waiting.
void SettleOne(Batch& batch, std::int64_t id, Outcome outcome, milliseconds delay) {
  Settlement settlement;
  settlement.outcomes.assign(batch.messages().size(), Outcome::kWait);
  for (std::size_t i = 0; i < batch.messages().size(); ++i) {
    if (batch.messages()[i].id != id) continue;
    settlement.outcomes[i] = outcome;
    settlement.refusals.push_back({i, delay, "policy"});
  }
  batch.Settle(settlement);
}

TEST_CASE("a message behind a retrying one of its unit is held, and flows after it", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto refused = bench.Insert("t", "k", "p");
    const auto behind = bench.Insert("t", "k", "p");
    const auto other_topic = bench.Insert("u", "k", "p");  // of the same lane
    {
      const auto batch = session->Claim(Everything());
      REQUIRE(batch->messages().size() == 3);
      SettleOne(*batch, refused, Outcome::kRetry, seconds(3600));
    }
    CHECK(Drain(*session, Everything()) == IdList{other_topic});
    const auto late = bench.Insert("t", "k", "p");
    CHECK(Drain(*session, Everything()) == IdList{});
    bench.MakeDue(refused);
    {
      const auto batch = session->Claim(Everything());
      REQUIRE(Ids(*batch) == IdList{refused});
      CHECK(batch->messages()[0].retrying);
      CHECK(batch->messages()[0].attempts == 1);
      SettleAll(*batch, Outcome::kSent);
    }
    CHECK(Drain(*session, Everything()) == IdList{behind, late});
  });
}

TEST_CASE("a retry is due again by itself when its delay is over", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto id = bench.Insert("t", "k", "p");
    SettleOne(*session->Claim(Everything()), id, Outcome::kRetry, milliseconds(500));
    CHECK(Ids(*session->Claim(Everything())) == IdList{});
    IdList again;
    CHECK(WaitFor([&] { return !(again = Drain(*session, Everything())).empty(); }));
    CHECK(again == IdList{id});
  });
}

TEST_CASE("retries are left out when they are not asked for", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto id = bench.Insert("t", "k", "p");
    const auto behind = bench.Insert("t", "k", "p");
    SettleOne(*session->Claim(Everything()), id, Outcome::kRetry, milliseconds(0));
    ClaimRequest request = Everything();
    request.retries = false;
    CHECK(Drain(*session, request) == IdList{});
    CHECK(Drain(*session, Everything()) == IdList{id, behind});
  });
}

TEST_CASE("a failed message holds its unit only where failed messages block", "[contract]") {
  for (const OnFailed on_failed : {OnFailed::kSkip, OnFailed::kBlock}) {
    ForEachStore([on_failed](StoreBench& bench) {
      SharedControl control;
      control.on_failed = on_failed;
      bench.SetControl(control);
      const auto session = bench.Connect();
      CHECK(session->control().on_failed == on_failed);
      const auto failed = bench.Insert("t", "k", "p");
      const auto behind = bench.Insert("t", "k", "p");
      SettleOne(*session->Claim(Everything()), failed, Outcome::kFailed, milliseconds(0));
      const bool blocks = on_failed == OnFailed::kBlock;
      CHECK(Drain(*session, Everything()) == (blocks ? IdList{} : IdList{behind}));
      CHECK(bench.Status(failed) == "failed");
      bench.MakeDue(failed);
      CHECK(Drain(*session, Everything()) == (blocks ? IdList{failed, behind} : IdList{failed}));
    });
  }
}

TEST_CASE("messages of a held topic stay, and are found again", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto held = bench.Insert("sick", "k", "p");
    IdList well;
    for (int i = 0; i < 5; ++i) well.push_back(bench.Insert("well", "k", "p"));
    ClaimRequest request = Everything();
    request.held_topics = {"sick"};
    request.messages = 2;
    CHECK(Drain(*session, request) == well);
    well = {bench.Insert("well", "k", "p")};
    CHECK(Drain(*session, request) == well);
    CHECK(bench.Status(held) == "pending");
    CHECK(Drain(*session, Everything()) == IdList{held});
  });
}

TEST_CASE("messages of a topic that is apart come in claims of its own, in order", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    if (bench.completion == Completion::kLog) return;  // has no such claims
    const auto session = bench.Connect();
    IdList bulk, others;
    for (int i = 0; i < 20; ++i) {
      bulk.push_back(bench.Insert("bulk", "k", "p"));
      if (i % 4 == 0) others.push_back(bench.Insert("well", "k", "p"));
    }
    ClaimRequest general = Everything();
    general.apart_topics = {"bulk"};
    ClaimRequest own = general;
    own.only = "bulk";
    own.messages = 8;
    CHECK(Drain(*session, general) == others);
    IdList came = Ids(*session->Claim(own));
    CHECK(came == IdList(bulk.begin(), bulk.begin() + 8));  // and they are given back
    {
      // A refusal holds its unit, whoever reads it, and is tried again among the others.
      const auto batch = session->Claim(own);
      Settlement settlement;
      settlement.outcomes.assign(batch->messages().size(), Outcome::kWait);
      settlement.outcomes[0] = Outcome::kSent;
      settlement.outcomes[1] = Outcome::kRetry;
      settlement.refusals = {{1, milliseconds(0), "policy: no"}};
      batch->Settle(settlement);
    }
    CHECK(Drain(*session, own) == IdList{});
    CHECK(Drain(*session, general) == IdList{bulk[1]});
    CHECK(Drain(*session, own) == IdList(bulk.begin() + 2, bulk.end()));
    CHECK(session->nothing_due());
    // From where the last one came to, and from wherever that may be when it is apart no more.
    bulk = {bench.Insert("bulk", "k", "p"), bench.Insert("bulk", "k", "p")};
    others = {bench.Insert("well", "k", "p")};
    CHECK(Drain(*session, general) == others);
    CHECK(Ids(*session->Claim(own)) == bulk);
    CHECK(Drain(*session, Everything()) == bulk);
  });
}

TEST_CASE("an exact claim brings no message too many, and each key has its turn", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    for (int i = 0; i < 300; ++i) bench.Insert("t", "k" + std::to_string(i % 100), "p");
    ClaimRequest request = Everything();
    request.messages = 3;
    request.exact = true;
    std::map<std::string, std::int64_t> newest;
    std::size_t seen = 0;
    for (int i = 0; i < 100; ++i) {
      const auto batch = session->Claim(request);
      REQUIRE(batch->messages().size() == 3);
      CHECK((batch->full() || i == 99));
      for (const Message& message : batch->messages()) {
        auto& last = newest[std::string(*message.key)];
        CHECK(last < message.id);
        last = message.id;
        ++seen;
      }
      SettleAll(*batch, Outcome::kSent);
      if (i == 60) CHECK(newest.size() > 30);
    }
    CHECK(seen == 300);
    CHECK(Drain(*session, request) == IdList{});
  });
}

TEST_CASE("a topic that is apart and that an operator has paused waits, and then loses nothing",
          "[contract]") {
  ForEachStore([](StoreBench& bench) {
    if (bench.completion == Completion::kLog) return;
    const auto session = bench.Connect();
    ClaimRequest own = Everything();
    own.apart_topics = {"bulk"};
    own.only = "bulk";
    IdList ids = {bench.Insert("bulk", "k", "p")};
    CHECK(Drain(*session, own) == ids);
    SharedControl control;
    control.paused_topics = {"bulk"};
    bench.SetControl(control);
    ids = {bench.Insert("bulk", "k", "p"), bench.Insert("bulk", "k", "p")};
    CHECK(Drain(*session, own) == IdList{});
    CHECK(Drain(*session, own) == IdList{});
    bench.SetControl({});
    session->Claim(Everything());  // hears of it, and gives back what it took
    CHECK(Drain(*session, own) == ids);
  });
}

TEST_CASE("a trial takes the oldest message of its topic, though the topic is held", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto oldest = bench.Insert("sick", "k", "p");
    const auto second = bench.Insert("sick", "k", "p");
    const auto well = bench.Insert("well", "k", "p");
    ClaimRequest request = Everything();
    request.held_topics = {"sick"};
    int lane = 0;
    {
      const auto batch = session->Claim(request);
      REQUIRE(Ids(*batch) == IdList{well});
      lane = batch->messages()[0].lane;
      SettleAll(*batch, Outcome::kSent);
    }
    ClaimRequest trial = Everything();
    trial.messages = 1;
    trial.trial = {"sick", lane};
    CHECK(Ids(*session->Claim(trial)) == IdList{oldest});  // and gives it back
    {
      const auto batch = session->Claim(trial);
      REQUIRE(Ids(*batch) == IdList{oldest});
      SettleAll(*batch, Outcome::kSent);
    }
    CHECK(Drain(*session, request) == IdList{});
    CHECK(Drain(*session, Everything()) == IdList{second});
    CHECK(Ids(*session->Claim(trial)) == IdList{});
  });
}

TEST_CASE("a claim stops at its bytes, but takes the first message always", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const std::string payload(1'000, 'x');
    IdList ids;
    for (int i = 0; i < 6; ++i) ids.push_back(bench.Insert("t", "k", payload));
    ClaimRequest request = Everything();
    request.bytes = 2'500;
    {
      const auto batch = session->Claim(request);
      CHECK(Ids(*batch) == IdList{ids[0], ids[1]});
      CHECK(batch->full());
    }
    request.bytes = 10;
    CHECK(Ids(*session->Claim(request)) == IdList{ids[0]});
    CHECK(Drain(*session, request) == ids);
  });
}

TEST_CASE("a claim over many lanes stops at its bytes, and nothing is lost", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const std::string payload(1'000, 'x');
    IdList ids;
    for (int i = 0; i < 30; ++i) ids.push_back(bench.Insert("t", "k" + std::to_string(i), payload));
    ClaimRequest request = Everything();
    request.bytes = 4'000;
    {
      const auto batch = session->Claim(request);
      CHECK(batch->messages().size() < 10);
      CHECK(batch->full());
    }
    CHECK(Sorted(Drain(*session, request)) == ids);
  });
}

TEST_CASE("a claim of few messages comes back for the rest", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    IdList ids;
    for (int i = 0; i < 20; ++i) ids.push_back(bench.Insert("t", "k", "p"));
    ClaimRequest request = Everything();
    request.messages = 1;
    request.lanes = 1;
    {
      const auto batch = session->Claim(request);
      CHECK(Ids(*batch) == IdList{ids[0]});
      CHECK(batch->full());
      CHECK(batch->lanes() == 1);
    }
    CHECK(Drain(*session, request) == ids);
  });
}

TEST_CASE("a payload above the limit is not fetched", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto large = bench.Insert("t", "k", std::string(1'001, 'x'));
    const auto fits = bench.Insert("t", "k", std::string(1'000, 'x'));
    ClaimRequest request = Everything();
    request.max_payload = 1'000;
    const auto batch = session->Claim(request);
    REQUIRE(Ids(*batch) == IdList{large, fits});
    CHECK(batch->messages()[0].oversize == 1'001);
    CHECK_FALSE(batch->messages()[0].payload);
    CHECK(batch->messages()[1].oversize == 0);
    CHECK(batch->messages()[1].payload->size() == 1'000);
  });
}

TEST_CASE("the memory of a batch outlives it where it must", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    bench.Insert("t", "k", "kept");
    auto batch = session->Claim(Everything());
    REQUIRE(batch->messages().size() == 1);
    const auto memory = batch->memory();
    const std::string_view payload = *batch->messages()[0].payload;
    batch.reset();
    CHECK(payload == "kept");
  });
}

TEST_CASE("an operator's pause is obeyed, of everything or of a topic", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const IdList ids = {bench.Insert("t", "k", "p"), bench.Insert("u", "k", "p")};
    SharedControl control;
    control.paused = true;
    control.paused_reason = "month's end";
    bench.SetControl(control);
    CHECK(Drain(*session, Everything()) == IdList{});
    CHECK(session->control().paused);
    CHECK(session->control().paused_reason == "month's end");
    control.paused = false;
    control.paused_topics = {"t"};
    bench.SetControl(control);
    // The first claim of each may still look by what it heard last.
    session->Claim(Everything()).reset();
    session->Claim(Everything()).reset();
    CHECK(Drain(*session, Everything()) == IdList{ids[1]});
    CHECK(session->control().paused_topics == std::vector<std::string>{"t"});
    bench.SetControl({});
    session->Claim(Everything()).reset();
    CHECK(Drain(*session, Everything()) == IdList{ids[0]});
  });
}

TEST_CASE("a session that slept while a topic was paused obeys the pause", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto awake = bench.Connect(), asleep = bench.Connect();
    SharedControl control;
    control.paused_topics = {"t"};
    const auto hear = [&] {
      for (int i = 0; i < 3; ++i) awake->Claim(Everything()).reset();
    };
    // Both have had a message of the topic, by whatever way it takes after a pause.
    for (const auto& session : {&awake, &asleep}) {
      bench.SetControl(control);
      hear();
      const IdList ids = {bench.Insert("t", "k", "p")};
      hear();
      bench.SetControl({});
      hear();
      CHECK(Drain(**session, Everything()) == ids);
    }
    bench.SetControl(control);
    hear();
    const IdList ids = {bench.Insert("t", "k", "p")};
    hear();
    CHECK(Ids(*asleep->Claim(Everything())) == IdList{});
    bench.SetControl({});
    asleep->Claim(Everything()).reset();  // hears of the end only now
    CHECK(Drain(*asleep, Everything()) == ids);
  });
}

TEST_CASE("a sample counts what is not sent", "[contract]") {
  ForEachStore([](StoreBench& bench) {
    const auto session = bench.Connect();
    const auto keeper = bench.store().ConnectKeeper();
    CHECK(keeper->Sample().pending == 0);
    IdList ids;
    for (int i = 0; i < 5; ++i) ids.push_back(bench.Insert("t", "k" + std::to_string(i), "p"));
    SettleOne(*session->Claim(Everything()), ids[0], Outcome::kFailed, milliseconds(0));
    SettleOne(*session->Claim(Everything()), ids[1], Outcome::kRetry, seconds(3600));
    const TableSample sample = keeper->Sample();
    CHECK(sample.pending == 3);
    CHECK(sample.retrying == 1);
    CHECK(sample.failed == 1);
  });
}

TEST_CASE("a purge deletes sent messages past their age, and steps over the others", "[contract]") {
  for (const bool memory : {true, false}) {
    const std::unique_ptr<StoreBench> bench =
        memory ? MakeInMemoryBench(Completion::kMark) : std::make_unique<PostgresBench>();
    INFO(bench->name());
    const auto session = bench->Connect();
    const auto keeper = bench->store().ConnectKeeper();
    IdList ids;
    for (int i = 0; i < 8; ++i) ids.push_back(bench->Insert("t", "k" + std::to_string(i), "p"));
    SettleOne(*session->Claim(Everything()), ids[1], Outcome::kFailed, milliseconds(0));
    SettleOne(*session->Claim(Everything()), ids[3], Outcome::kRetry, seconds(3600));
    Drain(*session, Everything());
    const auto pending = bench->Insert("t", "k", "p");
    CHECK(keeper->Purge(seconds(1800), 100).messages == 0);
    for (const std::size_t i : {0, 2, 4, 5}) bench->Age(ids[i]);
    std::int64_t deleted = 0;
    StoreKeeper::Purged purged{0, true};
    for (int i = 0; i < 20; ++i) {
      purged = bench->store().ConnectKeeper()->Purge(seconds(1800), 100);
      deleted += purged.messages;
    }
    CHECK(deleted == 4);
    CHECK_FALSE(purged.more);
    const std::vector<std::string> expected = {"gone", "failed", "gone", "retrying",
                                               "gone", "gone",   "sent", "sent"};
    for (std::size_t i = 0; i < ids.size(); ++i) CHECK(bench->Status(ids[i]) == expected[i]);
    CHECK(bench->Status(pending) == "pending");
  }
}

}  // namespace
}  // namespace outbox::test
