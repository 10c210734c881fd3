// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/operator_command.h"

namespace outbox {

// Where commands are added, and where the exit code of the chosen one goes. All outlive the parse.
struct CommandList {
  CLI::App& app;
  const CommandLine& line;
  int& exit_code;
};

// A command for operators and its flags, which live as long as the parser.
template <typename Flags>
struct Registered {
  CLI::App* command;
  std::shared_ptr<Flags> flags;
};

// Adds a command that `run` carries out and returns the exit code of. Flags derive from OperatorFlags.
template <typename Flags>
Registered<Flags> AddOperatorCommand(const CommandList& list, const char* name, const char* what,
                                     int (*run)(const CommandLine&, const Flags&)) {
  CLI::App* command = list.app.add_subcommand(name, what);
  const auto flags = std::make_shared<Flags>();
  AddOperatorFlags(*command, *flags);
  command->callback(
      [flags, run, &line = list.line, &exit_code = list.exit_code] { exit_code = run(line, *flags); });
  return {command, flags};
}

// The same with a session, whose errors become messages with a remedy.
template <typename Flags>
Registered<Flags> AddOperatorCommand(const CommandList& list, const char* name, const char* what,
                                     int (*run)(const CommandLine&, const Flags&, OperatorSession&)) {
  CLI::App* command = list.app.add_subcommand(name, what);
  const auto flags = std::make_shared<Flags>();
  AddOperatorFlags(*command, *flags);
  command->callback([flags, run, &line = list.line, &exit_code = list.exit_code] {
    exit_code =
        RunOperator(line, *flags, [&](OperatorSession& session) { return run(line, *flags, session); });
  });
  return {command, flags};
}

}  // namespace outbox
