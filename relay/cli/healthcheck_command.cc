// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "config/config.h"
#include "http/endpoint.h"
#include "http/http_get.h"

namespace outbox {
namespace {

struct HealthcheckOptions {
  std::string address;  // empty: as configured
  bool live = false;
};

// A relay that was not named may have no configuration here: then it is asked where it listens by
// default.
std::string Address(const CommandLine& line) {
  try {
    return LoadConfig({line.config_file, line.name, line.set, ProcessEnvironment()}).settings.http.listen;
  } catch (const ConfigError&) {
    if (!line.config_file.empty() || !line.name.empty()) throw;
    return HttpSettings().listen;
  }
}

int Healthcheck(const std::string& address, bool live) {
  if (address.empty()) {
    std::cerr << "http.listen is empty in the configuration: this relay cannot be asked\n";
    return kExitNo;
  }
  const Endpoint endpoint = ParseEndpoint(address);
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

void AddHealthcheck(CLI::App& app, const CommandLine& line, int& exit_code) {
  CLI::App* command = app.add_subcommand("healthcheck", "Ask the running relay whether it is ready");
  command->footer(
      "Prints one line a check. Exit code 0: all are well; 1: one is not, or nobody answers.\n\n"
      "Examples:\n"
      "  outbox-relay healthcheck -n orders\n"
      "  outbox-relay healthcheck --live --address 127.0.0.1:7433");
  const auto options = std::make_shared<HealthcheckOptions>();
  command->add_option("--address", options->address, "Where the relay listens; otherwise as configured")
      ->check(CLI::Validator(CheckAddress, "HOST:PORT"));
  command->add_flag("--live", options->live,
                    "Ask whether it works at all, not whether it can deliver at the moment");
  command->callback([options, &line, &exit_code] {
    exit_code = Healthcheck(options->address.empty() ? Address(line) : options->address, options->live);
  });
}

}  // namespace outbox
