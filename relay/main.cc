// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "config/config_error.h"
#include "outbox/store.h"

namespace outbox {
namespace {

int ExitCodeOf(const StoreUnavailable& error) {
  switch (error.reason()) {
    case StoreUnavailable::Reason::kRights:
      return kExitNotPermitted;
    case StoreUnavailable::Reason::kSchema:
      return kExitConfig;
    case StoreUnavailable::Reason::kTimeout:
      return kExitTryAgain;
    case StoreUnavailable::Reason::kLost:
    case StoreUnavailable::Reason::kReadOnly:
    case StoreUnavailable::Reason::kUnknownCommit:
    case StoreUnavailable::Reason::kRowCount:
    case StoreUnavailable::Reason::kOther:
      return kExitUnreachable;
  }
  return kExitBug;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Relays messages from an outbox table in PostgreSQL to Kafka: at least once, in order per key.",
      "outbox-relay");
  CommandLine line;
  int exit_code = kExitUsage;
  app.add_option("-c,--config", line.config_file, "Configuration file")->type_name("FILE");
  app.add_option("-n,--name", line.name, "Name of the outbox: /etc/outbox-relay/NAME.toml")
      ->type_name("NAME");
  app.add_option("--set", line.set, "Override a key of the configuration")->type_name("SECTION.KEY=VALUE");
  app.add_option("-o,--output", line.output, "table, json or jsonl")
      ->check(CLI::IsMember({"table", "json", "jsonl"}))
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();  // these options may also follow the command
  app.footer("Try it:  outbox-relay demo\nHelp on a command:  outbox-relay COMMAND --help");
  AddRun(app, line, exit_code);
  AddDemo(app, line, exit_code);
  AddStatus(app, line, exit_code);
  AddList(app, line, exit_code);
  AddShow(app, line, exit_code);
  AddRetry(app, line, exit_code);
  AddDiscard(app, line, exit_code);
  AddUnblock(app, line, exit_code);
  AddReplay(app, line, exit_code);
  AddPurge(app, line, exit_code);
  AddPublish(app, line, exit_code);
  AddTail(app, line, exit_code);
  AddAudit(app, line, exit_code);
  AddPause(app, line, exit_code);
  AddResume(app, line, exit_code);
  AddDoctor(app, line, exit_code);
  AddSchema(app, line, exit_code);
  AddConfig(app, line, exit_code);
  AddHealthcheck(app, line, exit_code);
  AddCompletion(app, line, exit_code);
  AddVersion(app, line, exit_code);
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kExitConfig;
  } catch (const StoreUnavailable& error) {
    std::fprintf(stderr, "outbox-relay: %s\n", error.what());
    return ExitCodeOf(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "outbox-relay: %s (this is a bug)\n", error.what());
    return kExitBug;
  }
}

}  // namespace
}  // namespace outbox

int main(int argc, char** argv) {
  try {
    return outbox::Main(argc, argv);
  } catch (...) {
    return outbox::kExitBug;  // not even an error could be told
  }
}
