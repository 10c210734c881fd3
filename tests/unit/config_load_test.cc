// SPDX-License-Identifier: Apache-2.0
#include "support/catch.h"
#include "unit/config_fixture.h"

namespace outbox {
namespace {

constexpr const char* kBrokers = "[kafka]\nbrokers = [\"a:9092\"]\n";

TEST_CASE("a file with brokers only gives the defaults and the file's name") {
  const ConfigFixture fixture;
  const Config config = fixture.LoadText(kBrokers);
  CHECK(config.settings.kafka.brokers == std::vector<std::string>{"a:9092"});
  CHECK(config.settings.outbox.name == "orders");
  CHECK(config.settings.delivery.deadline == seconds(30));
  CHECK_FALSE(config.settings.postgres.password);
  CHECK(Find(config, "kafka.brokers").origin == "orders.toml:2");
  CHECK(Find(config, "delivery.deadline").origin == "default");
  CHECK(Find(config, "delivery.deadline").value == "\"30s\"");
}

TEST_CASE("every type of value is read") {
  const ConfigFixture fixture;
  const Settings s = fixture
                         .LoadText(std::string(kBrokers) + R"(
[outbox]
completion = "delete"
poll = { min = "1ms", max = "2s" }
[delivery]
workers = 64
batch_bytes = "64KiB"
backoff.initial = "250ms"
backoff.max = "1h"
[retention]
sent = "never"
[http]
status_page = false
[log]
level = "debug"
format = "json"
)")
                         .settings;
  CHECK(s.outbox.completion == Completion::kDelete);
  CHECK(s.outbox.poll_min == milliseconds(1));
  CHECK(s.outbox.poll_max == seconds(2));
  CHECK(s.delivery.workers == 64);
  CHECK(s.delivery.batch_bytes == 65536);
  CHECK(s.delivery.backoff_initial == milliseconds(250));
  CHECK(s.delivery.backoff_max == seconds(3600));
  CHECK_FALSE(s.retention.sent);
  CHECK_FALSE(s.http.status_page);
  CHECK(s.log.level == LogLevel::kDebug);
  CHECK(s.log.format == LogFormat::kJson);
}

TEST_CASE("what is set for single topics is read from every source") {
  ConfigFixture fixture;
  fixture.Write("orders.toml", std::string(kBrokers) + R"(
[delivery]
dead_letter_topic = "dead"
dead_letter_topics = { orders = "orders.failed", noise = "" }
[pace.topics]
orders = 500
bulk.eu = "1MiB"
[cadence]
mode = "windows"
windows = ["23:30-00:15", "12:00-24:00"]
)");
  fixture.Write("orders.d/10.toml", "pace.topics.\"more.eu\" = 7\n");
  fixture.request.environment["OUTBOX_RELAY_PACE__TOPICS__PAID"] = "64KiB";
  fixture.request.set = {"pace.topics.orders=600"};
  const Config config = fixture.Load();
  const Settings& s = config.settings;
  CHECK(s.dead_letters.topic == "dead");
  CHECK(Find(config, "delivery.dead_letter_topics").value ==
        R"({ "noise" = "", "orders" = "orders.failed" })");
  CHECK(Find(config, "pace.topics").value ==
        R"({ "bulk.eu" = "1MiB", "more.eu" = 7, "orders" = 600, "paid" = "64KiB" })");
  CHECK(Find(config, "pace.topics").origin == "--set");
  CHECK(Find(config, "cadence.windows").value == R"(["23:30-00:15", "12:00-24:00"])");
  CHECK(s.cadence.windows.back().to == std::chrono::hours(24));
  CHECK(FixedChanges(s, fixture.LoadText(kBrokers).settings).empty());
}

TEST_CASE(
    "a flag goes before the environment, that before the drop-ins in their order, those before the file") {
  ConfigFixture fixture;
  const auto workers = [&] { return fixture.Load().settings.delivery.workers; };
  fixture.Write("orders.toml", std::string(kBrokers) + "[delivery]\nworkers = 1\n");
  CHECK(workers() == 1);
  fixture.Write("orders.d/10-a.toml", "delivery.workers = 2\n");
  CHECK(workers() == 2);
  fixture.Write("orders.d/20-b.toml", "\ndelivery.workers = 4\n");
  fixture.Write("orders.d/99-not-this", "delivery.workers = 9\n");
  CHECK(workers() == 4);
  CHECK(Find(fixture.Load(), "delivery.workers").origin == "orders.d/20-b.toml:2");
  fixture.request.environment["OUTBOX_RELAY_DELIVERY__WORKERS"] = "5";
  CHECK(workers() == 5);
  CHECK(Find(fixture.Load(), "delivery.workers").origin == "OUTBOX_RELAY_DELIVERY__WORKERS");
  fixture.request.set = {"delivery.workers=6"};
  CHECK(workers() == 6);
  CHECK(Find(fixture.Load(), "delivery.workers").origin == "--set");
}

TEST_CASE("variables that an orchestrator injects are ignored") {
  ConfigFixture fixture;
  fixture.request.environment["OUTBOX_RELAY_PORT"] = "tcp://10.0.0.1:7432";
  CHECK(fixture.ErrorsOf(kBrokers).empty());
}

TEST_CASE("the environment and the flags reach nested keys, lists and librdkafka's properties") {
  ConfigFixture fixture;
  fixture.request.environment["OUTBOX_RELAY_OUTBOX__POLL__MAX"] = "1s";
  fixture.request.environment["OUTBOX_RELAY_KAFKA__BROKERS"] = "a:1,b:2";
  fixture.request.environment["OUTBOX_RELAY_KAFKA__PROPERTIES__COMPRESSION__TYPE"] = "zstd";
  fixture.request.environment["OUTBOX_RELAY_OUTBOX__NAME"] = "orders";
  fixture.request.set = {"kafka.properties.linger.ms=0.5"};
  const Settings s = fixture.Load().settings;  // no file at all
  CHECK(s.outbox.poll_max == seconds(1));
  CHECK(s.kafka.brokers == std::vector<std::string>{"a:1", "b:2"});
  REQUIRE(s.kafka.properties.size() == 2);
  CHECK(s.kafka.properties[0].name == "compression.type");
  CHECK(s.kafka.properties[1].value == "0.5");
}

TEST_CASE("dotted keys of librdkafka need no quotation marks and keep their line") {
  const ConfigFixture fixture;
  const Settings s = fixture
                         .LoadText(std::string(kBrokers) +
                                   "[kafka.properties]\ncompression.type = \"zstd\"\n\"linger.ms\" = 5\n"
                                   "socket.keepalive.enable = true\n")
                         .settings;
  REQUIRE(s.kafka.properties.size() == 3);
  CHECK(s.kafka.properties[0].name == "compression.type");
  CHECK(s.kafka.properties[0].value == "zstd");
  CHECK(s.kafka.properties[0].origin == "orders.toml:4");
  CHECK(s.kafka.properties[1].value == "5");
  CHECK(s.kafka.properties[2].value == "true");
}

TEST_CASE("a later source replaces a property of librdkafka") {
  ConfigFixture fixture;
  fixture.request.set = {"kafka.properties.linger.ms=9"};
  const Settings s = fixture.LoadText(std::string(kBrokers) + "properties.linger.ms = 5\n").settings;
  REQUIRE(s.kafka.properties.size() == 1);
  CHECK(s.kafka.properties[0].value == "9");
  CHECK(s.kafka.properties[0].origin == "--set");
}

TEST_CASE("without -c and -n the only file is taken") {
  ConfigFixture fixture;
  fixture.Write("orders.toml", kBrokers);
  CHECK(fixture.Load().settings.outbox.name == "orders");
  fixture.Write("invoices.toml", kBrokers);
  CHECK(fixture.Errors() ==
        fixture.folder() + " has several configurations; choose one with -n: invoices, orders");
  fixture.request.name = "invoices";
  CHECK(fixture.Load().settings.outbox.name == "invoices");
  fixture.request.name = "payments";
  CHECK(fixture.Errors().find("payments.toml; " + fixture.folder() + " has invoices, orders") !=
        std::string::npos);
  fixture.request.name = "../orders";
  CHECK(fixture.Errors().find("for a file use -c") != std::string::npos);
  fixture.request.file = fixture.folder() + "/orders.toml";
  CHECK(fixture.Load().settings.outbox.name == "orders");
}

TEST_CASE("the changed keys that need a restart are named, the others are not") {
  const ConfigFixture fixture;
  const Settings before = fixture.LoadText(std::string(kBrokers) + "properties.linger.ms = 5\n").settings;
  CHECK(FixedChanges(before, before).empty());
  const Settings reloadable =
      fixture.LoadText(std::string(kBrokers) + "properties.linger.ms = 5\n[log]\nlevel = \"warn\"\n")
          .settings;
  CHECK(FixedChanges(before, reloadable).empty());
  const Settings fixed =
      fixture.LoadText(std::string(kBrokers) + "properties.acks_x = 1\n[delivery]\nworkers = 4\n").settings;
  CHECK(FixedChanges(before, fixed) == std::vector<std::string>{"delivery.workers",
                                                                "kafka.properties.linger.ms",
                                                                "kafka.properties.acks_x"});
}

TEST_CASE("the sample is a valid configuration, also with every key in it put to work") {
  const ConfigFixture fixture;
  const std::string sample = SampleConfig(7433);
  CHECK(fixture.ErrorsOf(sample).empty());
  CHECK(fixture.Load().settings.http.listen == "127.0.0.1:7433");
  std::string active;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const bool begins_line = i == 0 || sample[i - 1] == '\n';
    const bool key = begins_line && sample[i] == '#' && i + 1 < sample.size() && sample[i + 1] != ' ';
    if (!key) active += sample[i];
  }
  const Config config = fixture.LoadText(active);
  for (const EffectiveValue& value : config.values) CHECK(value.origin != "default");
}

TEST_CASE("a new sample gets a port that no other configuration has") {
  const ConfigFixture fixture;
  CHECK(UnusedHttpPort(fixture.folder()) == 7432);
  fixture.Write("a.toml", kBrokers);
  fixture.Write("b.toml", "http.listen = \"0.0.0.0:7433\"\n");
  fixture.Write("broken.toml", "= =");
  CHECK(UnusedHttpPort(fixture.folder()) == 7434);
}

}  // namespace
}  // namespace outbox
