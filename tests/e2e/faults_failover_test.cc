// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <optional>
#include <set>

#include "e2e/faults_scene.h"
#include "support/catch.h"
#include "support/fault_proxy.h"
#include "support/pgbouncer.h"

namespace outbox::test {
namespace {

constexpr int kKeysOfFailover = 50;

using Ids = std::vector<std::string>;  // message ids, in the order in which they were inserted

// A primary with an asynchronous replica, both behind one address; one relay with a connection of its own,
// and one behind a pooler, which does not see the other end of it change.
class FailoverScene {
 public:
  FailoverScene() {
    stage.Admin().CreateTopic("orders", 6);
    reader.emplace(stage.kafka().bootstrap(), std::vector<std::string>{"orders"});
    for (auto* relay : {&direct, &pooled}) (*relay)->AwaitReady();
  }

  // In one transaction; keys take turns, so the place among all of them is also that among those of a key.
  Ids Insert(int rows, PostgresServer& server) {
    Ids ids;
    Sql sql(server.conninfo("app"));
    for (const auto& row : sql.Rows("INSERT INTO outbox (topic, key, payload) SELECT 'orders', 'k' || i % " +
                                    std::to_string(kKeysOfFailover) + ", 'x' FROM generate_series(1, " +
                                    std::to_string(rows) + ") i RETURNING message_id, id")) {
      ids.push_back(*row[0]);
      last_id = std::stoll(*row[1]);
    }
    inserted.insert(inserted.end(), ids.begin(), ids.end());
    return ids;
  }
  bool ReplicaShows(const std::string& status, std::size_t rows) {
    Sql sql(replica.conninfo("app"));
    return WaitFor([&] {
      return sql.Value("SELECT count(*) FROM outbox WHERE status = '" + status + "'") == std::to_string(rows);
    });
  }
  Ids Of(PostgresServer& server, const std::string& status) {
    Ids ids;
    Sql sql(server.conninfo("app"));
    for (const auto& row : sql.Rows("SELECT message_id FROM outbox WHERE status = '" + status + "'"))
      ids.push_back(*row[0]);
    return ids;
  }
  void Signal(int signal) {
    for (auto* relay : {&direct, &pooled}) (*relay)->process().Kill(signal);
  }
  std::map<std::string, int> Copies() {
    REQUIRE(reader->ReadToEnd());
    std::map<std::string, int> copies;
    for (const Record& record : reader->records()) ++copies[record.header("id")];
    return copies;
  }

  Stage stage;
  FaultProxy to_database{stage.postgres().port()};
  FaultProxy to_replica{stage.postgres().port()};
  PostgresServer replica{{.follows = to_replica.port()}};
  PgBouncer pooler{to_database.port(), {{"server_login_retry", "1"}}};
  std::unique_ptr<RelayProcess> direct =
      stage.StartRelay({{"postgres.conninfo", "\"host=127.0.0.1 port=" + std::to_string(to_database.port()) +
                                                  " dbname=app user=relay\""}});
  std::unique_ptr<RelayProcess> pooled =
      stage.StartRelay({{"postgres.conninfo", "\"" + pooler.conninfo("app", "relay") + "\""}});
  std::optional<TopicReader> reader;
  Ids inserted;
  std::int64_t last_id = 0;
};

int CopiesOf(const std::map<std::string, int>& copies, const std::string& id) {
  const auto found = copies.find(id);
  return found == copies.end() ? 0 : found->second;
}

std::size_t WithCopies(const std::map<std::string, int>& copies, const Ids& ids, int many) {
  return static_cast<std::size_t>(
      std::count_if(ids.begin(), ids.end(), [&](const auto& id) { return CopiesOf(copies, id) == many; }));
}

// First copies of a key that came after a later one's.
int OutOfOrder(const std::vector<Record>& records, const Ids& inserted) {
  std::map<std::string, std::size_t> places;
  for (const std::string& id : inserted) places.emplace(id, places.size());
  std::map<std::string, std::size_t> last;
  std::set<std::string> seen;
  int wrong = 0;
  for (const Record& record : records) {
    if (!seen.insert(record.header("id")).second) continue;
    const std::size_t place = places.at(record.header("id"));
    const auto [before, first] = last.try_emplace(record.key.value(), place);
    if (!first && place < before->second) ++wrong;
    before->second = std::max(before->second, place);
  }
  return wrong;
}

}  // namespace

TEST_CASE(
    "a failover to a replica that lacks the last commits loses and repeats what they say, and no more") {
  FailoverScene scene;
  PostgresServer& primary = scene.stage.postgres();

  const Ids settled = scene.Insert(1'000, primary);  // and the replica knows
  REQUIRE(scene.ReplicaShows("sent", settled.size()));
  scene.Signal(SIGSTOP);
  const Ids unsettled = scene.Insert(1'000, primary);  // the replica will not hear that they are sent
  REQUIRE(scene.ReplicaShows("pending", unsettled.size()));
  scene.to_replica.Set(FaultProxy::Mode::kBlackHole);
  scene.Signal(SIGCONT);
  REQUIRE(scene.stage.AwaitDrained(seconds(20)));
  const Ids unknown = scene.Insert(100'000, primary);  // the replica never hears of them
  const std::int64_t lost_id = scene.last_id;
  REQUIRE(scene.reader->ReadUntil(4'000));
  primary.Stop(PostgresServer::StopMode::kImmediate);

  // The other one may wait for its pooler, which waits for the server, as long as a statement may take.
  REQUIRE(WaitFor([&] { return !scene.direct->Ready(); }));
  scene.replica.Promote();
  const std::map<std::string, int> before = scene.Copies();
  const Ids pending = scene.Of(scene.replica, "pending");
  REQUIRE(std::set<std::string>(pending.begin(), pending.end()) ==
          std::set<std::string>(unsettled.begin(), unsettled.end()));
  const Ids fresh = scene.Insert(20'000, scene.replica);
  CHECK(scene.last_id - static_cast<std::int64_t>(fresh.size()) < lost_id);  // ids are given out again
  scene.to_database.Forward(scene.replica.port());

  INFO(scene.direct->log());
  INFO(scene.pooled->log());
  REQUIRE(scene.ReplicaShows("pending", 0));
  const std::map<std::string, int> copies = scene.Copies();
  const std::size_t heard = WithCopies(copies, unknown, 1);
  std::cout << "failover: of " << unknown.size() << " rows that the replica lacked " << heard
            << " had been published, the others are lost; " << unsettled.size()
            << " whose settlement it lacked were repeated\n";
  CHECK(WithCopies(copies, settled, 1) == settled.size());
  CHECK(WithCopies(copies, unsettled, 2) == unsettled.size());
  CHECK(WithCopies(copies, fresh, 1) == fresh.size());
  CHECK(heard == WithCopies(before, unknown, 1));
  CHECK(heard + WithCopies(copies, unknown, 0) == unknown.size());
  CHECK(heard < unknown.size());
  CHECK(OutOfOrder(scene.reader->records(), scene.inserted) == 0);
  for (auto* relay : {&scene.direct, &scene.pooled}) {
    CHECK((*relay)->Metric("swept_messages_total") == 0);
    CHECK((*relay)->Stop() == 0);
  }
}

}  // namespace outbox::test
