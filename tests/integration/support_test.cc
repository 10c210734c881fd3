// SPDX-License-Identifier: Apache-2.0
// The suites lean on these servers, so each is shown to do what its header says.
#include <httplib.h>
#include <sys/wait.h>

#include <set>
#include <thread>

#include "support/catch.h"
#include "support/free_port.h"
#include "support/http_get.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/kafka_cluster.h"
#include "support/mock_cluster.h"
#include "support/pgbouncer.h"
#include "support/postgres_server.h"
#include "support/small_disk.h"
#include "support/sql.h"
#include "support/topic_reader.h"

namespace outbox::test {
namespace {

TEST_CASE("a process tells its exit code, its output and its signal") {
  const auto finished =
      Run({"sh", "-c", "echo out; echo err >&2; echo $GREETING; exit 3"}, {.env = {{"GREETING", "hi"}}});
  CHECK(finished.exit == 3);
  CHECK(finished.out == "out\nhi\n");
  CHECK(finished.err == "err\n");
  CHECK(Run({"no-such-program-here"}).exit == 127);

  Process sleeper({"sleep", "600"});
  CHECK(sleeper.running());
  CHECK(WaitFor([&] { return sleeper.resident_bytes() > 0; }));
  CHECK_FALSE(sleeper.Wait(milliseconds(20)));
  sleeper.Kill(SIGTERM);
  CHECK(sleeper.Wait(seconds(5)) == 128 + SIGTERM);
}

TEST_CASE("the processor time of a process is counted") {
  Process busy({"sh", "-c", "while :; do :; done"});
  CHECK(WaitFor([&] { return busy.cpu_seconds() > 0.05; }));
}

TEST_CASE("a child dies with the process that started it") {
  TempDir dir;
  const auto pid_file = dir / "pid";
  // The first Process is killed without a chance to clean up, as a crashing test is.
  const pid_t tester = fork();
  if (tester == 0) {
    Process child({"sleep", "600"});
    WriteFile(pid_file, std::to_string(child.pid()));
    raise(SIGKILL);
  }
  REQUIRE(waitpid(tester, nullptr, 0) == tester);
  const pid_t child = std::stoi(ReadFile(pid_file));
  CHECK(WaitFor([&] {
    const auto stat = ReadFile("/proc/" + std::to_string(child) + "/stat");
    return stat.empty() || stat.find(") Z ") != std::string::npos;
  }));
}

TEST_CASE("no port is given out twice") {
  std::set<int> ports;
  for (int i = 0; i < 100; ++i) CHECK(ports.insert(FreePort()).second);
}

TEST_CASE("a folder goes away with what is in it") {
  std::filesystem::path path;
  {
    TempDir dir;
    path = dir.path();
    WriteFile(dir / "file", "text");
    CHECK(ReadFile(dir / "file") == "text");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("PostgreSQL keeps what was committed through a stop and a crash") {
  PostgresServer server({.settings = {{"shared_buffers", "16MB"}, {"wal_level", "logical"}}});
  server.CreateDatabase("orders");
  CHECK(Sql(server.socket_conninfo("orders")).Value("SHOW shared_buffers") == "16MB");
  Sql(server.conninfo("orders")).Run("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, NULL)");
  server.Restart();
  Sql(server.conninfo("orders")).Run("INSERT INTO t VALUES (2, 'x')");

  Sql open(server.conninfo("orders"));
  open.Run("BEGIN; INSERT INTO t VALUES (3, 'never committed')");
  server.Restart(PostgresServer::StopMode::kImmediate);
  CHECK_THROWS_AS(open.Run("COMMIT"), SqlError);
  const auto rows = Sql(server.conninfo("orders")).Rows("SELECT a, b FROM t ORDER BY a");
  CHECK(rows == std::vector<Sql::Row>{{"1", std::nullopt}, {"2", "x"}});
}

TEST_CASE("an SQL error carries its state") {
  PostgresServer server({.fsync = false});
  Sql sql(server.conninfo());
  try {
    sql.Run("SELECT * FROM missing");
    FAIL("no error");
  } catch (const SqlError& error) {
    CHECK(error.sqlstate() == "42P01");
  }
}

TEST_CASE("PgBouncer shares one server connection between transactions") {
  PostgresServer server({.fsync = false});
  Sql(server.conninfo()).Run("CREATE ROLE someone LOGIN");
  PgBouncer pooler(server, {{"default_pool_size", "1"}});
  Sql one(pooler.conninfo());
  Sql two(pooler.conninfo());
  CHECK(one.Value("SELECT pg_backend_pid()") == two.Value("SELECT pg_backend_pid()"));
  CHECK(Sql(pooler.conninfo("postgres", "someone")).Value("SELECT current_user") == "someone");
  pooler.Stop();
  CHECK_THROWS_AS(one.Run("SELECT 1"), SqlError);
  pooler.Start();
  CHECK(Sql(pooler.conninfo()).Value("SELECT 1") == "1");
}

void CheckRecords(const std::string& bootstrap) {
  TopicReader reader(bootstrap, {"orders"});
  REQUIRE(reader.ReadUntil(2));
  CHECK(reader.ReadToEnd());
  REQUIRE(reader.records().size() == 2);
  const auto& records = reader.records();
  const auto& first = records[records[0].payload == "first" ? 0 : 1];
  CHECK(first.topic == "orders");
  CHECK(first.key == "42");
  CHECK(first.payload == "first");
  CHECK(first.header("id") == "a");
  CHECK(first.timestamp_ms > 0);
}

void CheckBroker(const std::string& version) {
  KafkaBroker broker({.version = version, .properties = {{"num.partitions", "3"}}});
  KafkaAdmin admin(broker.bootstrap());
  admin.CreateTopic("orders", 3);
  CHECK_THROWS(admin.CreateTopic("orders", 3));
  Produce(broker.bootstrap(), "orders", "42", "first", {{"id", "a"}});

  broker.Crash();
  broker.Start();
  Produce(broker.bootstrap(), "orders", std::nullopt, "second");
  broker.Stop();
  broker.Start();

  CheckRecords(broker.bootstrap());
  CHECK_NOTHROW(admin.AlterTopicConfig("orders", {{"max.message.bytes", "1000"}}));
  CHECK_THROWS(Produce(broker.bootstrap(), "orders", "42", std::string(5'000, 'x')));
  admin.DeleteTopic("orders");
  const auto client = MakeKafkaClient(RD_KAFKA_PRODUCER, broker.bootstrap());
  CHECK(PartitionsWithLeader(client.get(), "orders") < 0);
}

TEST_CASE("Kafka 3.9 keeps what was acknowledged through a crash") { CheckBroker("3.9.1"); }
TEST_CASE("Kafka 4.3 keeps what was acknowledged through a crash") { CheckBroker("4.3.1"); }

TEST_CASE("a frozen broker answers again when it thaws") {
  KafkaBroker broker;
  const auto client = MakeKafkaClient(RD_KAFKA_PRODUCER, broker.bootstrap());
  REQUIRE(WaitFor([&] { return PartitionsWithLeader(client.get(), "") == 0; }));
  broker.Freeze();
  // A signal reaches threads on other processors a little later.
  CHECK(WaitFor([&] { return PartitionsWithLeader(client.get(), "", milliseconds(500)) < 0; }));
  broker.Thaw();
  CHECK(WaitFor([&] { return PartitionsWithLeader(client.get(), "") == 0; }));
}

TEST_CASE("of three brokers that are a cluster another one leads when the leader dies") {
  KafkaCluster cluster(3, [](int) { return KafkaBroker::Options{}; });
  KafkaAdmin(cluster.bootstrap()).CreateTopic("replicated", 1, {{"min.insync.replicas", "2"}}, 3);
  // A broker that has not heard of the new topic yet knows no leader.
  int leader = 0;
  REQUIRE(WaitFor([&] { return (leader = cluster.Leader("replicated", 0)) > 0; }));
  Produce(cluster.bootstrap(), "replicated", "key", "first");
  cluster.node(leader).Crash();
  CHECK(WaitFor(
      [&] {
        const int other = cluster.Leader("replicated", 0);
        return other > 0 && other != leader;
      },
      seconds(30)));
  Produce(cluster.bootstrap(), "replicated", "key", "second");
  cluster.node(leader).Start();
  TopicReader reader(cluster.bootstrap(), {"replicated"});
  CHECK(reader.ReadUntil(2));
}

TEST_CASE("a small disk can be full, and have room again") {
  if (!SmallDisk::Allowed()) return;  // in a container without the right to mount
  SmallDisk disk(4 << 20);
  disk.Fill();
  CHECK_THROWS(WriteFile(disk.path() / "file", "one byte more"));
  disk.Free();
  WriteFile(disk.path() / "file", "there is room");
  CHECK(ReadFile(disk.path() / "file") == "there is room");
}

TEST_CASE("a replica has what its primary had, and is one itself when it is promoted") {
  PostgresServer primary;
  Sql(primary.conninfo()).Run("CREATE TABLE kept (n integer); INSERT INTO kept VALUES (1)");
  PostgresServer replica({.follows = primary.port()});
  Sql(primary.conninfo()).Run("INSERT INTO kept VALUES (2)");
  CHECK(WaitFor([&] { return Sql(replica.conninfo()).Value("SELECT count(*) FROM kept") == "2"; }));
  CHECK_THROWS_AS(Sql(replica.conninfo()).Run("INSERT INTO kept VALUES (3)"), SqlError);
  replica.Promote();
  Sql(replica.conninfo()).Run("INSERT INTO kept VALUES (3)");
}

TEST_CASE("the mock refuses a message when it is told to") {
  MockCluster mock;
  mock.CreateTopic("orders", 2);
  mock.PushErrors(0, {RD_KAFKA_RESP_ERR_POLICY_VIOLATION});
  CHECK_THROWS(Produce(mock.bootstrap(), "orders", "1", "refused"));
  mock.SetDown();
  mock.SetUp();
  CHECK_NOTHROW(Produce(mock.bootstrap(), "orders", "1", "accepted"));
  TopicReader reader(mock.bootstrap(), {"orders"});
  CHECK(reader.ReadUntil(1));
  CHECK(reader.ReadToEnd());
  CHECK(reader.records().size() == 1);
}

TEST_CASE("nobody answers on a free port") { CHECK(HttpGet(FreePort(), "/livez").status == 0); }

TEST_CASE("an answer over HTTP has its status, headers and body") {
  httplib::Server server;
  server.Get("/page", [](const auto&, auto& answer) {
    answer.set_header("X-Colour", "blue");
    answer.set_content("hello", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { server.listen_after_bind(); });
  CHECK(WaitFor([&] { return HttpGet(port, "/page").status == 200; }));
  const auto answer = HttpGet(port, "/page");
  CHECK(answer.body == "hello");
  CHECK(answer.headers.at("x-colour") == "blue");
  CHECK(HttpGet(port, "/none").status == 404);
  server.stop();
  serving.join();
}

}  // namespace
}  // namespace outbox::test
