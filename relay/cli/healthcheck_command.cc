// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "http/endpoint.h"
#include "http/http_get.h"

namespace outbox {
namespace {

struct HealthcheckOptions {
  std::string address = "127.0.0.1:7432";
  bool live = false;
};

int Healthcheck(const Endpoint& endpoint, bool live) {
  std::string why;
  const auto answer = HttpGet(endpoint, live ? "/livez" : "/readyz", why);
  if (!answer) {
    std::cerr << "no answer from " << endpoint.host << ":" << endpoint.port << ": " << why << "\n";
    return kExitNo;
  }
  std::cout << answer->body << std::flush;
  return answer->status == 200 ? kExitDone : kExitNo;
}

std::string CheckAddress(const std::string& address) {
  try {
    ParseEndpoint(address);
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

void AddHealthcheck(CLI::App& app, const CommandLine& /*line*/, int& exit_code) {
  CLI::App* command = app.add_subcommand("healthcheck", "Ask the running relay whether it is ready");
  command->footer(
      "Prints one line a check. Exit code 0: all are well; 1: one is not, or nobody answers.\n\n"
      "Examples:\n"
      "  outbox-relay healthcheck\n"
      "  outbox-relay healthcheck --live --address 127.0.0.1:7433");
  const auto options = std::make_shared<HealthcheckOptions>();
  command->add_option("--address", options->address, "Where the relay listens")
      ->check(CLI::Validator(CheckAddress, "HOST:PORT"))
      ->capture_default_str();
  command->add_flag("--live", options->live,
                    "Ask whether it works at all, not whether it can deliver at the moment");
  command->callback(
      [options, &exit_code] { exit_code = Healthcheck(ParseEndpoint(options->address), options->live); });
}

}  // namespace outbox
