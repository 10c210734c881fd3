// SPDX-License-Identifier: Apache-2.0
#include "bench/debezium_contender.h"

#include <httplib.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/workload.h"
#include "support/free_port.h"
#include "support/http_get.h"

namespace outbox::bench {
namespace {

constexpr const char* kTable =
    "CREATE TABLE dbz_outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype varchar(255), "
    "aggregateid varchar(255), type varchar(255), payload text)";

constexpr const char* kWorker = R"(
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=offsets.dat
offset.flush.interval.ms=1000
producer.linger.ms=5
producer.batch.size=262144
producer.compression.type=lz4
)";

constexpr const char* kConnector = R"(
name=outbox
connector.class=io.debezium.connector.postgresql.PostgresConnector
tasks.max=1
database.hostname=127.0.0.1
database.user=postgres
database.dbname=debezium_bench
topic.prefix=dbz
table.include.list=public.dbz_outbox
plugin.name=pgoutput
publication.autocreate.mode=filtered
snapshot.mode=no_data
poll.interval.ms=10
max.batch.size=8192
max.queue.size=32768
tombstones.on.delete=false
transforms=outbox
transforms.outbox.type=io.debezium.transforms.outbox.EventRouter
transforms.outbox.route.topic.replacement=${routedByValue}
)";

// The same folders as in scripts/prelude.sh.
std::filesystem::path DebeziumJars() {
  const auto environment = [](const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::string(value) : otherwise;
  };
  const auto cache = environment("XDG_CACHE_HOME", environment("HOME", "/root") + "/.cache");
  const std::filesystem::path jars =
      environment("OUTBOX_RELAY_CACHE", cache + "/outbox-relay") + "/debezium-3.0.8.Final";
  if (!std::filesystem::exists(jars / "lib")) {
    throw std::runtime_error(jars.string() + " is missing: scripts/fetch-debezium");
  }
  return jars;
}

}  // namespace

DebeziumContender::DebeziumContender(Site& site)
    : Contender(site),
      jars_(DebeziumJars()),
      database_(site, "debezium_bench"),
      rest_port_(test::FreePort()) {
  test::Sql(superuser_conninfo()).Run(kTable);
  WriteProperties();
  Launch();
  AwaitReady();
  HoldBack();
}

void DebeziumContender::WriteProperties() const {
  test::WriteFile(dir_ / "worker.properties",
                  std::string(kWorker) + "bootstrap.servers=" + site_.kafka().bootstrap() +
                      "\nplugin.path=" + (jars_ / "plugins").string() +
                      "\nlisteners=http://127.0.0.1:" + std::to_string(rest_port_) + "\n");
  test::WriteFile(dir_ / "connector.properties", std::string(kConnector) + "database.port=" +
                                                     std::to_string(site_.postgres().port()) + "\n");
}

void DebeziumContender::Launch() {
  process_ = std::make_unique<test::Process>(
      std::vector<std::string>{"java", "-Xmx1g", "-Djava.io.tmpdir=" + dir_.path().string(),
                               "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                               (jars_ / "lib").string() + "/*",
                               "org.apache.kafka.connect.cli.ConnectStandalone", dir_ / "worker.properties",
                               dir_ / "connector.properties"},
      test::Process::Options{.out = dir_ / "log", .directory = dir_.path()});
}

void DebeziumContender::Shutdown() {
  process_->Kill(SIGTERM);
  if (!process_->Wait(test::seconds(40))) throw Fault("Kafka Connect did not end: " + log());
}

std::string DebeziumContender::Status() const {
  const auto json =
      nlohmann::json::parse(test::HttpGet(rest_port_, "/connectors/outbox/status").body, nullptr, false);
  if (!json.is_object() || !json.contains("tasks") || json["tasks"].empty()) return "";
  return json["tasks"][0].value("state", "");
}

void DebeziumContender::AwaitReady() {
  test::Sql sql(superuser_conninfo());
  const auto reads = [&] {
    return Status() == "RUNNING" && !sql.Rows("SELECT FROM pg_replication_slots WHERE active").empty();
  };
  if (!test::WaitFor(reads, test::seconds(90))) throw Fault("Debezium does not start: " + log());
}

void DebeziumContender::Put(const std::string& verb) {
  httplib::Client client("127.0.0.1", rest_port_);
  const auto answer = client.Put(("/connectors/outbox/" + verb).c_str());
  if (!answer || answer->status >= 300) throw Fault("Kafka Connect does not " + verb + ": " + log());
}

void DebeziumContender::Release() { Put("resume"); }

void DebeziumContender::HoldBack() {
  Put("pause");
  if (!test::WaitFor([this] { return Status() == "PAUSED"; }, test::seconds(20))) {
    throw Fault("Debezium does not pause: " + log());
  }
}

void DebeziumContender::Settle(std::int64_t, test::milliseconds timeout) {
  test::Sql sql(superuser_conninfo());
  sql.Run("DELETE FROM dbz_outbox");
  const std::string end = sql.Value("SELECT pg_current_wal_lsn()");
  const auto read = [&] {
    return !sql.Rows("SELECT FROM pg_stat_replication WHERE sent_lsn >= '" + end + "'").empty();
  };
  if (!test::WaitFor(read, timeout)) throw Fault("Debezium does not read to the end: " + log());
}

std::int64_t DebeziumContender::unsettled() const {
  return std::stoll(test::Sql(superuser_conninfo()).Value("SELECT count(*) FROM dbz_outbox"));
}

}  // namespace outbox::bench
