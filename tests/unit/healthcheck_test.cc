// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "http/http_server.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Catches what goes to a stream while it lives.
class Caught {
 public:
  explicit Caught(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Caught() { stream_.rdbuf(before_); }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Ran Healthcheck(const std::string& arguments) {
  Ran ran;
  Caught out(std::cout);
  Caught err(std::cerr);
  CLI::App app;
  const CommandLine line;
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
  std::string address = "--address 127.0.0.1:" + std::to_string(server.port());
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

TEST_CASE("healthcheck refuses what is no address") {
  CHECK_THROWS_AS(Healthcheck("--address nonsense"), CLI::ValidationError);
}

}  // namespace
}  // namespace outbox::test
