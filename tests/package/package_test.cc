// SPDX-License-Identifier: Apache-2.0
// One package's life on one machine, in the order of docs/install.md. Each step goes on where the one before
// ended.
#include <cstdlib>
#include <iostream>
#include <thread>

#include "e2e/load.h"
#include "e2e/verdict.h"
#include "package/guide.h"
#include "package/machine.h"
#include "support/catch.h"
#include "support/free_port.h"
#include "support/http_get.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/postgres_server.h"
#include "support/topic_reader.h"

namespace outbox::test {
namespace {

namespace fs = std::filesystem;

constexpr auto kUnit = "outbox-relay@orders";
constexpr auto kConfig = "/etc/outbox-relay/orders.toml";

fs::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set; run scripts/test-package");
  return value;
}

// The servers of the story, a machine without the relay, and what has been told so far.
struct Story {
  Story();

  Sql Superuser(const std::string& database = "orders") const { return Sql(postgres.conninfo(database)); }
  std::string MainPid() const { return Property(machine, kUnit, "MainPID"); }
  bool Ready() const { return HttpGet(port, "/readyz").status == 200; }
  std::int64_t Sent() const {
    return std::stoll(Superuser().Value("SELECT count(*) FROM outbox WHERE status = 'sent'"));
  }
  bool AwaitMoreSent() const {
    const std::int64_t before = Sent();
    return WaitFor([&] { return Sent() > before + 100; }, seconds(30));
  }
  void Configure(const std::string& text) const { WriteFile(machine.path(kConfig), text); }
  std::string Configuration() const { return ReadFile(machine.path(kConfig)); }
  void Bring(const fs::path& package) const {
    machine.Do("rm -f outbox-relay_*.deb");
    fs::copy_file(package, machine.path("/root/") / package.filename());
  }

  TempDir data;
  TempDir dir;
  PostgresServer postgres{{.folder = data.path()}};
  KafkaBroker kafka;
  Machine machine{FromEnvironment("OUTBOX_TEST_ROOT")};
  int port = FreePort();
  Guide guide;
};

Story::Story()
    : guide(OUTBOX_SOURCE_DIR "/docs/install.md",
            {{"host=localhost", "host=127.0.0.1 port=" + std::to_string(postgres.port())},
             {"localhost:9092", kafka.bootstrap()}}) {
  postgres.CreateDatabase("orders");
  Superuser().Run("CREATE ROLE orders_service LOGIN");
  // Passwords must be right where they are used.
  WriteFile(data / "pg_hba.conf",
            "host all relay 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
  Superuser().Run("SELECT pg_reload_conf()");
  KafkaAdmin(kafka.bootstrap()).CreateTopic("orders", 6);
  KafkaAdmin(kafka.bootstrap()).CreateTopic("invoices", 1);
}

// As a person does it, with psql.
void Psql(const Story& story, const std::string& user, const std::string& statements) {
  const Finished done = Run({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                             story.postgres.conninfo("orders", user), "-c", statements});
  INFO(done.err);
  REQUIRE(done.exit == 0);
}

std::string Journal(const Story& story) {
  return story.machine.Do(std::string("journalctl --no-pager -u ") + kUnit);
}

void Installs(const Story& story) {
  story.Bring(FromEnvironment("OUTBOX_TEST_PACKAGE_BEFORE"));
  story.machine.Do("apt-get update -q; " + story.guide.Block("The package", "sh"));
  CHECK(story.machine.Do("systemctl list-units --all --no-legend 'outbox-relay@*'").empty());
  CHECK(story.machine.Do("systemctl is-system-running") == "running\n");
  CHECK(story.machine.Do("stat -c '%a %U %G' /etc/outbox-relay /etc/outbox-relay/credentials") ==
        "750 root outbox-relay\n700 root root\n");
  CHECK(story.machine.Do("outbox-relay config init") ==
        ReadFile(story.machine.path("/etc/outbox-relay/outbox.toml.sample")));
  // What the package says that it is made of is about this program.
  story.machine.Do(
      "grep -q $(sha256sum /usr/bin/outbox-relay | cut -c 1-64) "
      "/usr/share/doc/outbox-relay/outbox-relay.cdx.json");
}

// No restart may follow, neither at once nor after RestartSec.
void IsGivenUp(const Story& story) {
  std::this_thread::sleep_for(seconds(4));
  CHECK(Property(story.machine, kUnit, "ActiveState") == "failed");
  CHECK(Property(story.machine, kUnit, "ExecMainStatus") == "78");
  CHECK(Property(story.machine, kUnit, "NRestarts") == "0");
}

void DoesNotStartBeforeItIsConfigured(const Story& story) {
  CHECK(story.machine.Try(std::string("systemctl start ") + kUnit).exit != 0);
  IsGivenUp(story);
  story.machine.Do(std::string("systemctl reset-failed ") + kUnit);
}

void Configures(const Story& story) {
  story.machine.Do(story.guide.Block("The database", "sh"));
  Psql(story, "postgres", story.guide.Block("The database", "sql"));
  story.Configure(story.guide.Block("Configuration", "toml") +
                  "\n[http]\nlisten = \"127.0.0.1:" + std::to_string(story.port) + "\"\n");
  CHECK(story.machine.Do(story.guide.Block("Configuration", "sh")).starts_with("ok\n"));
}

void Starts(const Story& story) {
  CHECK(story.machine.Do(story.guide.Block("Start", "sh")).find("active (running)") != std::string::npos);
  REQUIRE(WaitFor([&] { return story.Ready(); }));
  WriteFile(story.dir / "scrape", HttpGet(story.port, "/metrics").body);
  const Finished scrape = Run({"promtool", "check", "metrics"}, {.in = story.dir / "scrape"});
  INFO(scrape.err);
  CHECK(scrape.exit == 0);
  const std::string examined = story.machine.Do(story.guide.Block("Start", "sh", 2));
  INFO(examined);
  CHECK(examined.find("unit") != std::string::npos);
  REQUIRE(WaitFor(
      [&] { return Property(story.machine, kUnit, "StatusText").find("running") != std::string::npos; },
      seconds(15)));
}

void DeliversTheFirstMessage(const Story& story) {
  Psql(story, "orders_service", story.guide.Block("The first message", "sql"));
  TopicReader reader(story.kafka.bootstrap(), {"orders"});
  REQUIRE(reader.ReadUntil(1));
  CHECK(reader.records().front().key == "42");
  CHECK(reader.records().front().payload == "{\"order\": 42, \"state\": \"paid\"}");
}

void Reloads(const Story& story) {
  const std::string reload = story.guide.Block("Change the configuration", "sh");
  const std::string before = story.Configuration();
  const std::string pid = story.MainPid();
  story.Configure(before + "[log]\nlevel = \"debug\"\n");
  story.machine.Do(reload);
  CHECK(WaitFor([&] { return Journal(story).find("reload") != std::string::npos; }));
  story.Configure(before + "[delivery]\nmax_atempts = 3\n");
  const Finished wrong = story.machine.Try(reload);
  CHECK(wrong.exit != 0);
  CHECK(Property(story.machine, kUnit, "ActiveState") == "active");
  CHECK(Journal(story).find("did you mean") != std::string::npos);
  story.Configure(before);
  story.machine.Do(reload);
  CHECK(story.MainPid() == pid);
}

void HandsOverPasswords(const Story& story) {
  story.machine.Do(story.guide.Block("Passwords as credentials", "sh"));
  REQUIRE(WaitFor([&] { return story.Ready(); }));
  CHECK(story.machine.Try("runuser -u outbox-relay -- cat /etc/outbox-relay/credentials/orders/pg-password")
            .exit != 0);
  story.machine.Do(story.guide.Block("Change the configuration", "sh"));
}

void StopsUnderLoad(const Story& story) {
  story.machine.Do(std::string("systemctl stop ") + kUnit);
  CHECK(Property(story.machine, kUnit, "Result") == "success");
  CHECK(Property(story.machine, kUnit, "ExecMainStatus") == "0");
  story.machine.Do(std::string("systemctl start ") + kUnit);
  REQUIRE(story.AwaitMoreSent());
}

void IsKilledAndComesBack(const Story& story) {
  const std::string pid = story.MainPid();
  story.machine.Do("kill -KILL " + pid);
  REQUIRE(WaitFor([&] { return story.MainPid() != pid && story.MainPid() != "0"; }));
  CHECK(Property(story.machine, kUnit, "NRestarts") == "1");
  REQUIRE(story.AwaitMoreSent());
}

// With less patience than the unit has.
void IsFrozenUntilTheWatchdogBites(const Story& story) {
  const std::string drop_in = "/etc/systemd/system/outbox-relay@orders.service.d/watchdog.conf";
  WriteFile(story.machine.path(drop_in), "[Service]\nWatchdogSec=4\nTimeoutAbortSec=2\n");
  story.machine.Do(std::string("systemctl daemon-reload; systemctl restart ") + kUnit);
  REQUIRE(story.AwaitMoreSent());
  std::this_thread::sleep_for(seconds(6));  // it would bite a relay that is well
  const std::string pid = story.MainPid();
  CHECK(Property(story.machine, kUnit, "NRestarts") == "0");
  story.machine.Do("kill -STOP " + pid);
  REQUIRE(WaitFor([&] { return Property(story.machine, kUnit, "NRestarts") == "1"; }, seconds(20)));
  CHECK(Journal(story).find("Watchdog timeout") != std::string::npos);
  REQUIRE(story.AwaitMoreSent());
  story.machine.Do("rm " + drop_in + std::string("; systemctl daemon-reload; systemctl restart ") + kUnit);
}

void DoesNotLoopOverAWrongConfiguration(const Story& story) {
  const std::string before = story.Configuration();
  story.Configure(before + "[delivery]\nmax_atempts = 3\n");
  CHECK(story.machine.Try(std::string("systemctl restart ") + kUnit).exit != 0);
  IsGivenUp(story);
  story.Configure(before);
  story.machine.Do(std::string("systemctl start ") + kUnit);
  REQUIRE(story.AwaitMoreSent());
}

void ServesTwoOutboxes(const Story& story) {
  const std::string conninfo =
      "host=127.0.0.1 port=" + std::to_string(story.postgres.port()) + " dbname=invoices";
  story.Superuser().Run("CREATE DATABASE invoices");
  story.machine.Do("outbox-relay schema apply --conninfo '" + conninfo + " user=postgres' --execute");
  story.Superuser("invoices").Run("CREATE ROLE accountant LOGIN; GRANT outbox_relay TO accountant");
  WriteFile(story.machine.path("/etc/outbox-relay/invoices.toml"),
            "[postgres]\nconninfo = \"" + conninfo + " user=accountant\"\n[kafka]\nbrokers = [\"" +
                story.kafka.bootstrap() + "\"]\n[http]\nlisten = \"127.0.0.1:" + std::to_string(FreePort()) +
                "\"\n");
  story.machine.Do("systemctl enable --now outbox-relay@invoices");
  story.Superuser("invoices").Run("INSERT INTO outbox (topic, payload) VALUES ('invoices', 'one')");
  TopicReader reader(story.kafka.bootstrap(), {"invoices"});
  REQUIRE(reader.ReadUntil(1));
  story.machine.Do("systemctl stop outbox-relay.target");
  CHECK(Property(story.machine, kUnit, "ActiveState") == "inactive");
  CHECK(Property(story.machine, "outbox-relay@invoices", "ActiveState") == "inactive");
  story.machine.Do(std::string("systemctl start outbox-relay.target ") + kUnit);
}

// The one that was stopped stays so.
void IsUpgradedUnderLoad(const Story& story) {
  // All the starts before were within the minutes in which ten are the most.
  story.machine.Do(std::string("systemctl reset-failed ") + kUnit);
  const std::string pid = story.MainPid();
  REQUIRE(story.AwaitMoreSent());
  story.Bring(FromEnvironment("OUTBOX_TEST_PACKAGE"));
  story.machine.Do(story.guide.Block("Upgrade", "sh"));
  INFO(story.machine.Do(std::string("journalctl --no-pager -q -n 30 -u ") + kUnit));
  CHECK(story.MainPid() != pid);
  CHECK(Property(story.machine, kUnit, "ActiveState") == "active");
  CHECK(Property(story.machine, "outbox-relay@invoices", "ActiveState") == "inactive");
  REQUIRE(story.AwaitMoreSent());
}

void HasLostNothing(const Story& story, Load& load) {
  load.Stop();
  Sql sql = story.Superuser();
  REQUIRE(WaitFor([&] { return sql.Value("SELECT count(*) FROM outbox WHERE status <> 'sent'") == "0"; },
                  seconds(60)));
  TopicReader reader(story.kafka.bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  std::vector<Record> records = reader.records();
  std::erase_if(records, [](const Record& record) { return record.key == "42"; });  // the first message
  const Verdict verdict = Judge(records, load.committed());
  std::cout << verdict.seen << " messages, " << verdict.duplicates << " duplicates\n";
  CHECK(verdict.seen == load.count());
  CHECK(verdict.lost == 0);
  CHECK(verdict.phantoms == 0);
  CHECK(verdict.out_of_order == 0);
}

void IsRemoved(const Story& story) {
  const std::string traces =
      "find / -xdev -path /root -prune -o -iname '*outbox*' -print | sort;"
      "getent passwd outbox-relay || getent group outbox-relay || true; "
      "systemctl list-units --all --no-legend 'outbox*'";
  story.machine.Do(story.guide.Block("Remove", "sh"));
  CHECK(Property(story.machine, kUnit, "ActiveState") == "inactive");
  CHECK(fs::exists(story.machine.path(kConfig)));
  story.machine.Do(story.guide.Block("Remove", "sh", 2) +
                   "rm -r /etc/systemd/system/outbox-relay@orders.service.d");
  story.machine.Do("systemctl daemon-reload; apt-get clean; journalctl --rotate -q");
  CHECK(story.machine.Do(traces).empty());
}

TEST_CASE("the package is installed, configured, run, upgraded and purged by the words of docs/install.md") {
  const Story story;
  Installs(story);
  DoesNotStartBeforeItIsConfigured(story);
  Configures(story);
  Starts(story);
  DeliversTheFirstMessage(story);
  Reloads(story);
  HandsOverPasswords(story);
  Load load({.conninfo = story.postgres.conninfo("orders", "orders_service"), .rate = 500});
  REQUIRE(story.AwaitMoreSent());
  StopsUnderLoad(story);
  IsKilledAndComesBack(story);
  IsFrozenUntilTheWatchdogBites(story);
  DoesNotLoopOverAWrongConfiguration(story);
  ServesTwoOutboxes(story);
  IsUpgradedUnderLoad(story);
  HasLostNothing(story, load);
  IsRemoved(story);
}

}  // namespace
}  // namespace outbox::test
