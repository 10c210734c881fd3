// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "cli/command.h"
#include "config/keys.h"
#include "support/catch.h"
#include "unit/config_fixture.h"

namespace outbox {
namespace {

// What the command prints to stdout.
std::string Run(const CommandLine& line, const std::string& arguments) {
  std::fflush(stdout);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  const int saved = dup(STDOUT_FILENO);
  dup2(fileno(file.get()), STDOUT_FILENO);
  int exit_code = -1;
  try {
    CLI::App app;
    AddConfig(app, line, exit_code);
    app.parse("config " + arguments);
  } catch (...) {
    dup2(saved, STDOUT_FILENO);
    close(saved);
    throw;
  }
  std::fflush(stdout);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  CHECK(exit_code == 0);
  std::rewind(file.get());
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

CommandLine LineFor(const ConfigFixture& fixture, const std::string& output = "table") {
  fixture.Write("orders.toml", "kafka.brokers = [\"a:9092\"]\npostgres.password = { file = \"pg\" }\n");
  fixture.Write("pg", "hunter2");
  CommandLine line;
  line.config_file = fixture.folder() + "/orders.toml";
  line.output = output;
  return line;
}

TEST_CASE("config check says ok and how long a refused message is tried") {
  const ConfigFixture fixture;
  CHECK(Run(LineFor(fixture), "check") ==
        "ok\na message that Kafka refuses 20 times is failed after about 54 min, at most 107 min\n");
}

TEST_CASE("config check does not accept a secret that cannot be read") {
  const ConfigFixture fixture;
  const CommandLine line = LineFor(fixture);
  std::filesystem::remove(fixture.folder() + "/pg");
  CHECK_THROWS_AS(Run(line, "check"), ConfigError);
  CHECK(Run(line, "check --without-secrets").starts_with("ok\n"));
}

TEST_CASE("config show gives each value and its origin, for people and for programs") {
  const ConfigFixture fixture;
  const std::string text = Run(LineFor(fixture), "show");
  CHECK(std::regex_search(text, std::regex("kafka\\.brokers = \\[\"a:9092\"\\] +# orders\\.toml:1\n")));
  CHECK(std::regex_search(text, std::regex("log\\.level = \"info\" +# default\n")));
  const auto json = nlohmann::json::parse(Run(LineFor(fixture, "json"), "show"));
  REQUIRE(json.size() == Keys().size());
  for (const auto& value : json) {
    if (value["key"] == "delivery.workers") CHECK(value["value"] == 3);
    if (value["key"] == "postgres.password") CHECK(value["value"] == "{ file = \"pg\" }");
    if (value["key"] == "log.level") CHECK(value["reloadable"] == true);
  }
}

TEST_CASE("config init names every key") {
  const ConfigFixture fixture;
  const std::string sample = Run(LineFor(fixture), "init");
  for (const Key& key : Keys()) CHECK(sample.find(std::string(key.name()) + " = ") != std::string::npos);
}

// Rows of docs/configuration.md: | `section.key` | default | reload or empty | meaning |
TEST_CASE("docs/configuration.md and the table of keys agree") {
  std::ifstream docs(OUTBOX_SOURCE_DIR "/docs/configuration.md");
  REQUIRE(docs.good());
  const std::regex row("^\\| `([a-z_]+\\.[a-z_.]+)` \\| (.*?) \\| (yes|no) \\| .+ \\|$");
  std::set<std::string> documented;
  std::string line;
  std::smatch match;
  while (std::getline(docs, line)) {
    if (!std::regex_match(line, match, row)) continue;
    INFO(line);
    const Key* key = FindKey(match[1].str());
    REQUIRE(key != nullptr);
    documented.insert(match[1].str());
    CHECK((match[3] == "yes") == key->reloadable);
    if (match[2].str().starts_with('`')) CHECK(match[2] == "`" + key->show(Settings{}) + "`");
  }
  for (const Key& key : Keys()) {
    INFO(key.path);
    CHECK(documented.contains(std::string(key.path)));
  }
}

}  // namespace
}  // namespace outbox
