// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "config/config_error.h"
#include "http/http_server.h"
#include "support/captured_stream.h"
#include "support/catch.h"
#include "support/temp_dir.h"

namespace outbox::test {
namespace {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Ran Healthcheck(const std::string& arguments, const CommandLine& line = {}) {
  Ran ran;
  CapturedStream out(std::cout);
  CapturedStream err(std::cerr);
  CLI::App app;
  AddHealthcheck(app, line, ran.exit_code);
  app.parse("healthcheck " + arguments);
  ran.out = out.text();
  ran.err = err.text();
  return ran;
}

// A relay that lives but is not ready.
struct Relay {
  HttpServer server{ParseEndpoint("127.0.0.1:0"),
                    {.metrics = [] { return std::string(); },
                     .liveness =
                         [] {
                           return std::vector<HealthCheck>{{"workers", true, ""}};
                         },
                     .readiness =
                         [] {
                           return std::vector<HealthCheck>{{"breaker", false, "open"}};
                         },
                     .status = nullptr}};
  std::string listen = "127.0.0.1:" + std::to_string(server.port());
  std::string address = "--address " + listen;
};

TEST_CASE("healthcheck says no, and why, when the relay is not ready") {
  Relay relay;
  const Ran ran = Healthcheck(relay.address);
  CHECK(ran.exit_code == kExitNo);
  CHECK(ran.out == "breaker: not ok, open\n");
}

TEST_CASE("healthcheck --live asks only whether the relay lives") {
  Relay relay;
  const Ran ran = Healthcheck("--live " + relay.address);
  CHECK(ran.exit_code == kExitDone);
  CHECK(ran.out == "workers: ok\n");
}

TEST_CASE("healthcheck says no when nobody answers") {
  std::string address;
  {
    Relay relay;
    address = relay.address;
  }
  const Ran ran = Healthcheck(address);
  CHECK(ran.exit_code == kExitNo);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("no answer from 127.0.0.1:") == 0);
}

// As on the command line, without any file.
CommandLine Configured(const std::string& listen) {
  CommandLine line;
  line.name = "orders";
  line.set = {"kafka.brokers=127.0.0.1:9092", "outbox.name=orders", "http.listen=" + listen};
  return line;
}

TEST_CASE("healthcheck asks where the configuration says that the relay listens") {
  const TempDir folder;
  std::ofstream(folder / "orders.toml") << "[kafka]\nbrokers = [\"127.0.0.1:9092\"]\n";
  ::setenv("OUTBOX_RELAY_CONFIG_DIR", folder.path().c_str(), 1);
  Relay relay;
  CHECK(Healthcheck("--live", Configured(relay.listen)).out == "workers: ok\n");
  const Ran off = Healthcheck("", Configured(""));
  CHECK(off.exit_code == kExitNo);
  CHECK(off.err.find("http.listen is empty") == 0);
  CommandLine missing;
  missing.name = "nobody";
  CHECK_THROWS_AS(Healthcheck("", missing), ConfigError);
  ::unsetenv("OUTBOX_RELAY_CONFIG_DIR");
}

TEST_CASE("healthcheck refuses what is no address") {
  CHECK_THROWS_AS(Healthcheck("--address nonsense"), CLI::ValidationError);
}

}  // namespace
}  // namespace outbox::test
