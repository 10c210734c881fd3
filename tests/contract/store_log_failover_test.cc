// SPDX-License-Identifier: Apache-2.0
//
// A log whose server is lost, and an asynchronous replica goes on that has not got the last of it: where
// progress has been on the one says nothing about the other.
#include <optional>

#include "fakes/recording_observer.h"
#include "postgres/log_store.h"
#include "postgres/schema_admin.h"
#include "store_bench.h"
#include "support/catch.h"
#include "support/fault_proxy.h"
#include "support/pgbouncer.h"
#include "support/wait.h"

namespace outbox::test {
namespace {

using IdList = std::vector<std::int64_t>;

PostgresServer::Options Unsafe() { return {.fsync = false}; }

IdList Insert(const PostgresServer& server, int rows) {
  IdList ids;
  Sql sql(server.conninfo("app"));
  for (const auto& row : sql.Rows("INSERT INTO outbox (topic, key) SELECT 't', 'k' FROM generate_series(1, " +
                                  std::to_string(rows) + ") RETURNING id"))
    ids.push_back(std::stoll(*row[0]));
  return ids;
}

// Both servers behind one address, and a relay that knows no other.
class LogFailover {
 public:
  explicit LogFailover(bool pooled) {
    OutboxSettings outbox;
    outbox.name = "failover";
    outbox.completion = Completion::kLog;
    PostgresSettings settings;
    settings.conninfo = "host=127.0.0.1 port=" + std::to_string(address.port()) + " dbname=app user=relay";
    if (pooled) settings.conninfo = pooler.emplace(address.port(), kRetry).conninfo("app", "relay");
    store = std::make_unique<LogStore>(settings, outbox, observer, milliseconds(0));
    session = store->Connect();
    const IdList first = Insert(primary, 3);
    REQUIRE(Drain(*session, Everything()) == first);
    const std::string version = Version(primary);
    REQUIRE(WaitFor([&] { return Version(replica) == version; }));
    to_replica.Set(FaultProxy::Mode::kBlackHole);
    lost = Insert(primary, 100);
  }

  // What services write there has the ids of what was lost, and its transactions have their xids.
  IdList Promote() {
    replica.Promote();
    IdList ids = Insert(replica, 200);
    REQUIRE(ids.front() < lost.back());
    REQUIRE(ids.back() > lost.back());
    return ids;
  }

  // Whatever comes until there are that many, over as many sessions as it takes.
  IdList Await(std::size_t many) {
    IdList ids;
    WaitFor(
        [&] {
          try {
            if (!session) session = store->Connect();
            const auto batch = session->Claim(Everything());
            const IdList claimed = Ids(*batch);
            if (!claimed.empty()) SettleAll(*batch, Outcome::kSent);
            ids.insert(ids.end(), claimed.begin(), claimed.end());
          } catch (const StoreUnavailable&) {
            session.reset();
          }
          return ids.size() >= many;
        },
        seconds(15));
    return ids;
  }

  static std::string Version(const PostgresServer& server) {
    return Sql(server.conninfo("app")).Value("SELECT version FROM outbox_progress");
  }

  static inline const std::map<std::string, std::string> kRetry = {{"server_login_retry", "1"}};
  PostgresServer primary{Unsafe()};
  FaultProxy to_replica{primary.port()};
  PostgresServer replica{Installed()};
  FaultProxy address{primary.port()};
  std::optional<PgBouncer> pooler;
  RecordingObserver observer;
  std::unique_ptr<LogStore> store;
  std::unique_ptr<StoreSession> session;
  IdList lost;

 private:
  PostgresServer::Options Installed() {
    primary.CreateDatabase("app");
    PostgresSettings settings;
    settings.conninfo = primary.conninfo("app");
    SchemaOptions options;
    options.layout = SchemaLayout::kLog;
    ApplySchema(settings, options);
    Sql(primary.conninfo("app")).Run("CREATE ROLE relay LOGIN IN ROLE outbox_relay");
    PostgresServer::Options follower = Unsafe();
    follower.follows = to_replica.port();
    return follower;
  }
};

TEST_CASE("behind a pooler progress is not moved on a server whose log was not read", "[contract]") {
  LogFailover scene(true);
  const auto batch = scene.session->Claim(Everything());
  REQUIRE(Ids(*batch) == scene.lost);
  const IdList there = scene.Promote();
  scene.primary.Stop(PostgresServer::StopMode::kImmediate);
  scene.address.Forward(scene.replica.port());
  SettleAll(*batch, Outcome::kSent);  // so says Kafka; what becomes of it is told by the next claim
  CHECK(scene.Await(there.size()) == there);
}

TEST_CASE("a log goes on at the address at which it is, though its old server lives", "[contract]") {
  LogFailover scene(false);
  REQUIRE(Ids(*scene.session->Claim(Everything())) == scene.lost);
  const IdList there = scene.Promote();
  scene.address.Forward(scene.replica.port());
  scene.session = scene.store->Connect();  // the guard's connection is as it was
  CHECK(scene.Await(there.size()) == there);
}

}  // namespace
}  // namespace outbox::test
