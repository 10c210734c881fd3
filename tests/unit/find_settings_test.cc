// SPDX-License-Identifier: Apache-2.0
#include "cli/find_settings.h"

#include <cstdlib>

#include "support/catch.h"
#include "unit/config_fixture.h"

namespace outbox {
namespace {

constexpr const char* kFast =
    "kafka.brokers = [\"a:9092\"]\noutbox.schema = \"fast\"\noutbox.completion = \"log\"\n"
    "postgres.conninfo = \"host=db user=relay\"\npostgres.password = { file = \"pg\" }\n";

// The folder of the configurations is that of the fixture meanwhile.
struct Folder {
  explicit Folder(const ConfigFixture& fixture) {
    setenv("OUTBOX_RELAY_CONFIG_DIR", fixture.folder().c_str(), 1);
  }
  ~Folder() { unsetenv("OUTBOX_RELAY_CONFIG_DIR"); }
};

TEST_CASE("another server than the configured one is still asked for the configured outbox") {
  const ConfigFixture fixture;
  const Folder folder(fixture);
  fixture.Write("orders.toml", kFast);
  CommandLine line;
  line.name = "orders";
  const auto settings = FindSettings(line, "user=alice");
  REQUIRE(settings);
  CHECK(settings->outbox.schema == "fast");
  CHECK(settings->outbox.completion == Completion::kLog);
  CHECK(settings->postgres.conninfo == "user=alice");
  CHECK_FALSE(settings->postgres.password);  // it is the relay's
}

TEST_CASE("who names a server and no configuration gets none that happens to lie there") {
  const ConfigFixture fixture;
  const Folder folder(fixture);
  fixture.Write("orders.toml", kFast);
  CHECK_FALSE(FindSettings({}, "user=alice"));
  CHECK(FindSettings({}, "")->outbox.schema == "fast");
  fixture.Write("more.toml", kFast);
  CHECK_FALSE(FindSettings({}, "user=alice"));
  CHECK_THROWS_AS(FindSettings({}, ""), ConfigError);  // which one?
}

}  // namespace
}  // namespace outbox
