// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/find_settings.h"
#include "config/value.h"
#include "postgres/schema_admin.h"
#include "postgres/schema_convert.h"

namespace outbox {
namespace {

// The flags of one of the three subcommands; lives as long as the parser.
struct SchemaFlags {
  std::string conninfo;
  std::string schema;  // empty: the configured one
  std::string on_failed;
  std::string layout;  // empty: as configured, else as installed, else rows
  bool execute = false;
  SchemaOptions options;
};

SchemaLayout LayoutOf(Completion completion) {
  return completion == Completion::kLog ? SchemaLayout::kLog : SchemaLayout::kRows;
}

// --conninfo, else the configuration, else libpq's environment: installing an outbox must not need a
// file that names Kafka's brokers.
PostgresSettings Server(const CommandLine& line, SchemaFlags& flags) {
  PostgresSettings server;
  server.conninfo = flags.conninfo;
  if (const auto settings = FindSettings(line, flags.conninfo)) {
    server = settings->postgres;
    flags.options.schema = settings->outbox.schema;
    flags.options.layout = LayoutOf(settings->outbox.completion);
  }
  if (!flags.schema.empty()) flags.options.schema = flags.schema;
  if (!flags.layout.empty())
    flags.options.layout = flags.layout == "log" ? SchemaLayout::kLog : SchemaLayout::kRows;
  if (!flags.on_failed.empty()) {
    flags.options.on_failed = flags.on_failed == "block" ? OnFailed::kBlock : OnFailed::kSkip;
  }
  return server;
}

int ExitCode(StoreUnavailable::Reason reason) {
  using Reason = StoreUnavailable::Reason;
  switch (reason) {
    case Reason::kLost:
    case Reason::kReadOnly:
      return kExitUnreachable;
    case Reason::kTimeout:
    case Reason::kUnknownCommit:
      return kExitTryAgain;
    case Reason::kRights:
      return kExitNotPermitted;
    case Reason::kSchema:
    case Reason::kRowCount:
    case Reason::kOther:
      return kExitConfig;
  }
  return kExitBug;
}

int Print(const CommandLine& line, SchemaFlags& flags) {
  Server(line, flags);
  std::cout << SchemaScript(flags.options);
  return kExitDone;
}

std::string Intent(const SchemaPlan& plan) {
  if (plan.installed == 0) return "installs version " + std::to_string(kSchemaVersion);
  if (plan.installed < kSchemaVersion) {
    return "upgrades from version " + std::to_string(plan.installed) + " to " +
           std::to_string(kSchemaVersion);
  }
  return "nothing to upgrade at version " + std::to_string(plan.installed) +
         ", renews comments and rights and adds what is missing";
}

int Apply(const CommandLine& line, SchemaFlags& flags) {
  const PostgresSettings server = Server(line, flags);
  const SchemaPlan plan = PlanSchema(server, flags.options);
  const std::string owner = flags.execute ? ApplySchema(server, flags.options) : "";
  if (line.output != "table") {
    std::cout << "{\"schema\":" << Quoted(flags.options.schema) << ",\"installed\":" << plan.installed
              << ",\"version\":" << kSchemaVersion << ",\"statements\":" << plan.statements
              << ",\"executed\":" << (flags.execute ? "true" : "false")
              << ",\"owner\":" << (flags.execute ? Quoted(owner) : "null") << "}\n";
    return kExitDone;
  }
  std::cout << "schema " << flags.options.schema << ": " << Intent(plan) << ", " << plan.statements
            << " statements\n";
  if (!flags.execute) {
    std::cout << "nothing was changed; do it with --execute\n";
    return kExitDone;
  }
  std::cout << "done; the objects belong to " << owner << "\n";
  if (owner != flags.options.role_prefix + "owner") {
    std::cerr << "the role that is connected may not give them to " << flags.options.role_prefix
              << "owner; apply again as a member of that role, or leave it so\n";
  }
  return kExitDone;
}

std::string Optional(const std::optional<std::string>& text) { return text ? Quoted(*text) : "null"; }

void ShowJson(const SchemaOptions& options, const std::vector<Drift>& drift) {
  std::cout << "{\"schema\":" << Quoted(options.schema) << ",\"version\":" << kSchemaVersion
            << ",\"drift\":[";
  const char* comma = "";
  for (const Drift& finding : drift) {
    std::cout << comma << "{\"kind\":" << Quoted(finding.kind) << ",\"name\":" << Quoted(finding.name)
              << ",\"expected\":" << Optional(finding.expected) << ",\"found\":" << Optional(finding.found)
              << ",\"remedy\":" << Quoted(finding.remedy) << "}";
    comma = ",";
  }
  std::cout << "]}\n";
}

void ShowText(const SchemaOptions& options, const std::vector<Drift>& drift) {
  if (drift.empty()) {
    std::cout << "schema " << options.schema << ": version " << kSchemaVersion << ", as it should be\n";
    return;
  }
  std::cout << "schema " << options.schema << ": " << drift.size() << " differences from version "
            << kSchemaVersion << "; SQL below is for search_path = " << Quoted(options.schema) << "\n";
  for (const Drift& finding : drift) {
    std::cout << finding.kind << " " << finding.name
              << "\n  expected: " << finding.expected.value_or("absent")
              << "\n  found:    " << finding.found.value_or("absent") << "\n  remedy:   " << finding.remedy
              << "\n";
  }
}

int Check(const CommandLine& line, SchemaFlags& flags) {
  const PostgresSettings server = Server(line, flags);
  const std::vector<Drift> drift = CheckSchema(server, flags.options);
  if (line.output == "table") {
    ShowText(flags.options, drift);
  } else {
    ShowJson(flags.options, drift);
  }
  return drift.empty() ? kExitDone : kExitNo;
}

std::string ChangeJson(const SchemaFlags& flags, const std::string& members) {
  return "{\"schema\":" + Quoted(flags.options.schema) + "," + members +
         ",\"executed\":" + (flags.execute ? "true" : "false") + "}";
}

int Convert(const CommandLine& line, SchemaFlags& flags) {
  const PostgresSettings server = Server(line, flags);
  const Conversion conversion = ConvertSchema(server, flags.options, flags.execute);
  const std::string sent = std::to_string(conversion.sent);
  if (line.output != "table") {
    std::cout << ChangeJson(flags, "\"layout\":" + Quoted(flags.layout) + ",\"drained\":" +
                                       (conversion.drained ? "true" : "false") + ",\"sent\":" + sent)
              << "\n";
  }
  if (!conversion.drained) {
    std::cerr << "messages are pending, retrying or failed: drain the outbox first (outbox-relay status "
                 "--wait-empty), and nothing was changed\n";
    return kExitNo;
  }
  if (line.output == "table") {
    std::cout << "schema " << flags.options.schema << (flags.execute ? ": is" : ": becomes")
              << " an outbox of layout " << flags.layout << "; the old table, with "
              << (conversion.sent > 10'000 ? "more than 10000" : sent) << " sent messages, "
              << (flags.execute ? "is gone" : "goes") << "\n";
  }
  if (!flags.execute) std::cerr << "nothing was changed; stop the relays, then do it with --execute\n";
  return kExitDone;
}

int Reset(const CommandLine& line, SchemaFlags& flags) {
  const PostgresSettings server = Server(line, flags);
  const std::int64_t aside = ResetLog(server, flags.options, flags.execute);
  if (line.output != "table") {
    std::cout << ChangeJson(flags, "\"set_aside\":" + std::to_string(aside)) << "\n";
  } else {
    std::cout << "schema " << flags.options.schema << ": " << aside << " messages that were not done "
              << (flags.execute ? "are" : "would be") << " set aside to be published first, and the log "
              << (flags.execute ? "begins" : "would begin") << " anew behind them\n";
  }
  if (!flags.execute) std::cerr << "nothing was changed; do it with --execute\n";
  return kExitDone;
}

using Command = int (*)(const CommandLine&, SchemaFlags&);

CLI::App* AddOne(CLI::App& schema, const char* name, const char* what,
                 const std::shared_ptr<SchemaFlags>& flags, const CommandLine& line, int& exit_code,
                 Command command) {
  CLI::App* app = schema.add_subcommand(name, what);
  app->add_option("--schema", flags->schema,
                  "Schema of the outbox (default: the configured one, else public)")
      ->check([](const std::string& value) { return SchemaNameProblem(value); }, "NAME");
  app->add_option("--role-prefix", flags->options.role_prefix, "How the five roles begin, default outbox_")
      ->check([](const std::string& value) { return RolePrefixProblem(value); }, "PREFIX");
  app->add_flag("--with-notify", flags->options.with_notify, "With the trigger that wakes sleeping relays");
  app->callback([flags, &line, &exit_code, command] {
    try {
      exit_code = command(line, *flags);
    } catch (const StoreUnavailable& error) {
      std::cerr << "schema " << flags->options.schema << ": " << error.what() << "\n";
      exit_code = ExitCode(error.reason());
    }
  });
  return app;
}

}  // namespace

void AddSchema(CLI::App& app, const CommandLine& line, int& exit_code) {
  CLI::App* schema =
      app.add_subcommand("schema", "The outbox's tables: print their SQL, apply it, check them");
  schema->require_subcommand(1);
  const auto flags = std::make_shared<SchemaFlags>();
  CLI::App* print =
      AddOne(*schema, "print", "Writes one script for any migration tool", flags, line, exit_code, Print);
  CLI::App* apply = AddOne(*schema, "apply", "Installs or upgrades; shows what it would do without --execute",
                           flags, line, exit_code, Apply);
  CLI::App* check =
      AddOne(*schema, "check", "Compares the database with what this version expects; 1: they differ", flags,
             line, exit_code, Check);
  CLI::App* convert = AddOne(
      *schema, "convert", "Gives an empty or drained outbox the layout that is named; 1: it is not drained",
      flags, line, exit_code, Convert);
  CLI::App* reset =
      AddOne(*schema, "reset-log", "After a dump and restore: begins a log's progress anew on this cluster",
             flags, line, exit_code, Reset);
  for (CLI::App* command : {print, apply, check, convert}) {
    command
        ->add_option(
            "--layout", flags->layout,
            "How messages are kept, log for outbox.completion = \"log\"; default: as configured, else "
            "as installed, else rows")
        ->check(CLI::IsMember({"rows", "log"}));
  }
  convert->get_option("--layout")->required();
  for (CLI::App* command : {print, apply}) {
    command
        ->add_option("--on-failed", flags->on_failed,
                     "Sets what a failed message does to later ones of its key")
        ->check(CLI::IsMember({"skip", "block"}));
  }
  for (CLI::App* command : {apply, check, convert, reset}) {
    command->add_option("--conninfo", flags->conninfo, kConninfoHelp);
  }
  for (CLI::App* command : {apply, convert, reset}) command->add_flag("--execute", flags->execute, "Do it");
  schema->footer(
      "Examples:\n"
      "  outbox-relay schema print --schema orders > V7__outbox.sql\n"
      "  outbox-relay -n orders schema apply --conninfo \"dbname=orders user=postgres\" --execute\n"
      "  outbox-relay schema apply --layout log --conninfo dbname=orders --execute\n"
      "  outbox-relay -n orders -o json schema check");
}

}  // namespace outbox
