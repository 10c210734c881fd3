// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "support/catch.h"
#include "unit/config_fixture.h"

namespace outbox {
namespace {

constexpr const char* kBrokers = "kafka.brokers = [\"a:9092\"]\n";

bool Contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("each mistake is one line with its place and its remedy") {
  struct Case {
    std::string text, expected;
  };
  const Case cases[] = {
      {"[delivery]\nmax_atempts = 3", "3: unknown key delivery.max_atempts; did you mean max_attempts?"},
      {"[delivery]\ntrip_after = 3", "3: unknown key delivery.trip_after; did you mean breaker.trip_after?"},
      {"[delivery]\nzzzzzzzzzz = 3", "3: unknown key delivery.zzzzzzzzzz; [delivery] has workers, "},
      {"[outbx]\nname = \"x\"\nschema = \"y\"", "2: unknown section outbx; did you mean outbox?"},
      {"[alerts]\nmost = 3", "2: unknown section alerts; there are postgres, outbox, "},
      {"[cadenza]", "2: unknown section cadenza; did you mean cadence?"},
      {"delivery.dead_letter_topic = \"a b\"",
       "2: delivery.dead_letter_topic takes a topic of up to 249 letters, digits, dots, underscores and "
       "hyphens, not \"a b\""},
      {"delivery.dead_letter_topics = \"x\"",
       "2: delivery.dead_letter_topics takes a table of topics, such as { orders = \"orders.failed\" }, "
       "not "},
      {"[delivery.dead_letter_topics]\norders = 3", "3: delivery.dead_letter_topics takes a table of topics"},
      {"[pace.topics]\norders = 0",
       "3: pace.topics takes a table of topics with messages or bytes a second, "},
      {"[pace.topics]\norders = \"5 MB\"", "3: pace.topics takes a table of topics with messages or bytes "},
      {"pace.messages_per_second = -1", "2: pace.messages_per_second must be 0 to 10000000, not -1"},
      {"cadence.mode = \"nightly\"",
       "2: cadence.mode takes one of \"continuous\", \"interval\", \"windows\", \"manual\", not \"nightly\""},
      {"cadence.mode = \"windows\"", "2: cadence.mode = \"windows\" needs cadence.windows, such as "},
      {"cadence.windows = [\"1:00-5:00\"]", "2: cadence.windows takes a list of times of day, such as "},
      {"cadence.windows = [\"01:00-01:00\"]", "2: cadence.windows takes a list of times of day, such as "},
      {"cadence.windows = [\"01:60-02:00\"]", "2: cadence.windows takes a list of times of day, such as "},
      {"cadence.every = \"0s\"", "2: cadence.every must be \"1ms\" to \"24d\""},
      {"deadline = \"30s\"", "2: deadline stands outside its section; write delivery.deadline"},
      {"delivery = 3", "2: delivery takes a table, not the number 3; write [delivery] and its keys below"},
      {"kafka.properties = 3", "2: kafka.properties takes a table, not the number 3; "},
      {"outbox.poll = \"2ms\"", "2: outbox.poll takes a table of min, max, not \"2ms\""},
      {"outbox.poll.mim = \"2ms\"", "2: unknown key outbox.poll.mim; did you mean poll.min?"},
      {"[delivery.deadline]\nx = 1", "2: delivery.deadline takes a duration with its unit, "},
      {"delivery.deadline = 30",
       "2: delivery.deadline takes a duration with its unit, such as \"250ms\", \"30s\" or "
       "\"10m\", not the number 30"},
      {"delivery.deadline = \"30\"", "not \"30\""},
      {"delivery.deadline = \"30 s\"", "not \"30 s\""},
      {"delivery.deadline = \"-30s\"", "not \"-30s\""},
      {"delivery.deadline = \"99999999999999999999s\"", "not \"99999999999999999999s\""},
      {"delivery.deadline = 12:00:00", "not a date or time"},
      {"delivery.workers = 2.5", "2: delivery.workers takes a whole number, not the number 2.5"},
      {"delivery.workers = \"3\"", "2: delivery.workers takes a whole number, not \"3\""},
      {"delivery.workers = 99999999999",
       "2: delivery.workers takes a whole number, not the number 99999999999"},
      {"delivery.workers = 65", "2: delivery.workers must be 1 to 64, not 65"},
      {"delivery.workers = 0", "2: delivery.workers must be 1 to 64, not 0"},
      {"delivery.batch_bytes = \"8MB\"",
       "2: delivery.batch_bytes takes a size such as \"64KiB\" or \"8MiB\", not "},
      {"delivery.batch_bytes = \"0\"", "2: delivery.batch_bytes must be 1 to 1073741824, not 0"},
      {"outbox.completion = \"keep\"",
       "2: outbox.completion takes one of \"mark\", \"delete\", \"log\", not \"keep\""},
      {"outbox.completion = \"log\"\n[pace.topics]\norders = 5",
       "pace.topics does not go with outbox.completion"},
      {"http.status_page = \"yes\"", "2: http.status_page takes true or false, not \"yes\""},
      {"outbox.schema = [\"a\"]", "2: outbox.schema takes text in quotation marks, not a list"},
      {"outbox.schema = \"a\\u0000b\"", "2: outbox.schema takes text in quotation marks, not \"a\\u0000b\""},
      {"outbox.name = \"a b\"", "2: outbox.name takes up to 100 letters, digits, "},
      {"retention.sent = \"500ms\"", "2: retention.sent takes a duration in whole seconds, "},
      {"retention.sent = \"0s\"", "2: retention.sent must be "},
      {"http.listen = \"7432\"", "2: http.listen takes \"host:port\", "},
      {"http.listen = \":99999\"", "2: http.listen takes \"host:port\", "},
      {"postgres.password = { fil = \"x\" }",
       "2: postgres.password takes text, { file = \"name\" } or { env = "},
      {"postgres.password = 12345", "2: postgres.password takes text, { file = \"name\" } or { env = "},
      {"outbox.poll.min = \"1s\"", "2: outbox.poll.min (1s) must not be above outbox.poll.max (50ms)"},
      {"delivery.backoff.max = \"1ms\"",
       "2: delivery.backoff.initial (1s) must not be above delivery.backoff.max "},
      {"delivery.deadline = \"36s\"",
       "2: postgres.transaction_timeout (45s) must be at least delivery.deadline + 10s: "
       "set it to 46s, or lower the deadline"},
      {"delivery.deadline = \"0s\"", "2: delivery.deadline must be \"1ms\" to \"24d\""},
      {"postgres.statement_timeout = \"25d\"", "2: postgres.statement_timeout must be \"1ms\" to \"24d\""},
      {"outbox.wake_up = \"notify\"\npostgres.pooler = \"transaction\"",
       "2: outbox.wake_up = \"notify\" does not "},
      {"kafka.properties.acks = 1",
       "2: kafka.properties.acks is reserved: the relay always publishes idempotently"},
      {"kafka.properties.max.in.flight = 5", "2: kafka.properties.max.in.flight is reserved: "},
      {"kafka.properties.error_cb = \"x\"", "2: kafka.properties.error_cb is reserved: it is a function "},
      {"kafka.properties.linger.ms = [\"x\"]",
       "2: kafka.properties.linger.ms takes text, a number, true or false, "},
      {"[kafka.properties]\nlinger.ms = 1\n\"linger.ms\" = 2",
       "kafka.properties.linger.ms is set twice, first at "},
      {"kafka.properties.queue.buffering.max.messages = 5999",
       "2: kafka.properties.queue.buffering.max.messages (5999) is too small for the batches of 3 workers: "
       "leave it "
       "out or set it to at least 6000"},
      {"delivery.workers = 1\ndelivery.workers = 2", "3: this is not valid TOML: "},
      {"delivery.workers = 012", "2: this is not valid TOML: "},
      {"delivery.workers", "2: this is not valid TOML: "},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const ConfigFixture fixture;
    const std::string errors = fixture.ErrorsOf(kBrokers + text);
    CHECK(Contains(errors, expected));
    CHECK(errors.starts_with("orders.toml:"));
    CHECK(errors.find('\n') == std::string::npos);
  }
}

TEST_CASE("all mistakes of all sources are told at once") {
  ConfigFixture fixture;
  fixture.Write("orders.toml", "[delivery]\nworkers = 0\nworker = 1\n");
  fixture.Write("orders.d/a.toml", "log.level = \"loud\"\n");
  fixture.request.environment["OUTBOX_RELAY_LOG__FORMAT"] = "xml";
  fixture.request.set = {"delivery.deadline=soon", "nonsense"};
  const std::string errors = fixture.Errors();
  CHECK(Contains(errors, "orders.toml:3: unknown key delivery.worker; did you mean workers?\n"));
  CHECK(Contains(errors, "orders.d/a.toml:1: log.level takes one of \"trace\", "));
  CHECK(Contains(
      errors,
      "OUTBOX_RELAY_LOG__FORMAT: log.format takes one of \"auto\", \"text\", \"json\", not \"xml\"\n"));
  CHECK(Contains(errors, "--set: delivery.deadline takes a duration"));
  CHECK(Contains(errors, "--set nonsense: write --set section.key=value\n"));
  CHECK(Contains(errors, "orders.toml:2: delivery.workers must be 1 to 64, not 0\n"));
  CHECK(Contains(errors, "kafka.brokers is required: "));
}

TEST_CASE("a value that cannot be read causes no second error") {
  const ConfigFixture fixture;
  CHECK(
      fixture.ErrorsOf("kafka.brokers = \"a:9092\"\n") ==
      "orders.toml:1: kafka.brokers takes a list of texts, such as [\"a:9092\", \"b:9092\"], not \"a:9092\"");
}

TEST_CASE("an empty file lacks the brokers and says how to give them") {
  const ConfigFixture fixture;
  CHECK(Contains(fixture.ErrorsOf(""), "kafka.brokers is required: [kafka] brokers = [\"host:9092\"]"));
}

TEST_CASE("without any file the name is asked for too") {
  const ConfigFixture fixture;
  CHECK(Contains(fixture.Errors(), "outbox.name is required"));
}

TEST_CASE("what is no text at all is one error") {
  const ConfigFixture fixture;
  std::string garbage;
  for (int i = 0; i < 5000; ++i) garbage += static_cast<char>(i * 7919 >> 3);
  for (const std::string& text : {garbage, std::string(3, '\0'), std::string("\xff\xfe[\x00", 4),
                                  std::string(300'000, '['), std::string(2 << 20, 'a')}) {
    const std::string errors = fixture.ErrorsOf(text);
    CHECK_FALSE(errors.empty());
    CHECK(errors.find('\n') == std::string::npos);
    CHECK(errors.size() < 1000);
  }
}

TEST_CASE("a file that cannot be read is named with the reason") {
  ConfigFixture fixture;
  fixture.request.file = fixture.folder() + "/none.toml";
  CHECK(fixture.Errors() == "none.toml: cannot read " + fixture.request.file + ": No such file or directory");
  fixture.request.file = fixture.folder();
  CHECK(Contains(fixture.Errors(), "Is a directory"));
}

}  // namespace
}  // namespace outbox
