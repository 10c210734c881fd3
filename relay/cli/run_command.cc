// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/exit_code.h"
#include "log/log.h"

namespace outbox {
namespace {

struct RunFlags {
  bool once = false;
  int max_time = 600;
};

int RunRelay(const CommandLine& line, const RunFlags& flags) {
  Signals signals;
  ConfigRequest request{line.config_file, line.name, line.set, ProcessEnvironment()};
  Config config = LoadConfig(request);
  CheckSecrets(config.settings);
  SetUpLog(config.settings.log);
  DaemonOptions options;
  options.once = flags.once;
  if (flags.once) options.max_time = seconds(flags.max_time);
  Daemon daemon(std::move(request), std::move(config), options);
  return daemon.Run(signals);
}

}  // namespace

void AddRun(CLI::App& app, const CommandLine& line, int& exit_code) {
  auto* command = app.add_subcommand("run", "Relay messages until told to stop (SIGTERM); SIGHUP reloads");
  const auto flags = std::make_shared<RunFlags>();
  command->add_flag("--once", flags->once,
                    "Drain and end: 0 all sent, 1 a message failed, 75 messages are left");
  command->add_option("--max-time", flags->max_time, "With --once: end after so many seconds all the same")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->footer(
      "Examples:\n"
      "  outbox-relay run -c /etc/outbox-relay/orders.toml\n"
      "  outbox-relay run -n orders --set log.level=debug\n"
      "  outbox-relay run -n orders --once --max-time 300    # from a timer\n");
  command->callback([flags, &line, &exit_code] { exit_code = RunRelay(line, *flags); });
}

}  // namespace outbox
