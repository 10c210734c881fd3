// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/exit_code.h"

namespace outbox {

void AddCompletion(CLI::App& app, const CommandLine&, int& exit_code) {
  CLI::App* completion =
      app.add_subcommand("completion", "Prints a script that completes commands in a shell");
  completion->require_subcommand(1);
  const auto add = [&](const char* shell, const char* what, std::string (*script)(const CompletedCommand&)) {
    completion->add_subcommand(shell, what)->callback([&app, &exit_code, script] {
      std::cout << script(CommandTree(app));
      exit_code = kExitDone;
    });
  };
  add("bash", "For bash", BashCompletion);
  add("zsh", "For zsh", ZshCompletion);
  add("fish", "For fish", FishCompletion);
  completion->footer(
      "Examples:\n"
      "  source <(outbox-relay completion bash)\n"
      "  outbox-relay completion bash > /usr/share/bash-completion/completions/outbox-relay\n"
      "  outbox-relay completion zsh > /usr/share/zsh/vendor-completions/_outbox-relay\n"
      "  outbox-relay completion fish > /usr/share/fish/vendor_completions.d/outbox-relay.fish");
}

}  // namespace outbox
