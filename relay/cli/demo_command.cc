// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace outbox {

void AddDemo(CLI::App& app, const CommandLine&, int& exit_code) {
  auto* command = app.add_subcommand("demo", "not here yet");
  command->callback([&exit_code] { exit_code = kExitBug; });
}

}  // namespace outbox
