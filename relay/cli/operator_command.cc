// SPDX-License-Identifier: Apache-2.0
#include "cli/operator_command.h"

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/exit_code.h"
#include "cli/find_settings.h"
#include "config/units.h"
#include "postgres/schema_admin.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

struct Complaint {
  int exit = kExitBug;
  const char* code = "";
  std::string remedy;
};

Complaint ComplaintOf(const StoreUnavailable& error) {
  using Reason = StoreUnavailable::Reason;
  switch (error.reason()) {
    case Reason::kLost:
      return {kExitUnreachable, "unreachable", "is PostgreSQL up, and is this its address? see --conninfo"};
    case Reason::kReadOnly:
      return {kExitUnreachable, "read_only", "this is a standby: name the primary, see --conninfo"};
    case Reason::kTimeout:
      return {kExitTryAgain, "timeout", "try again; a narrower filter reads less"};
    case Reason::kUnknownCommit:
      return {kExitTryAgain, "unknown_commit", "it may have been done: look in outbox_audit, then try again"};
    case Reason::kRights:
      return {kExitNotPermitted, "not_permitted", "GRANT outbox_operator TO the role that connects"};
    case Reason::kSchema:
      return {kExitConfig, "schema", "name the schema of the outbox, see --schema"};
    case Reason::kRowCount:
    case Reason::kOther:
      return {kExitUnreachable, "database", "the server's log may say more"};
  }
  return {};
}

int Complain(const CommandLine& line, const Complaint& complaint, const std::string& message) {
  if (line.output == "table") {
    std::cerr << message << "\n";
    if (!complaint.remedy.empty()) std::cerr << "  remedy: " << complaint.remedy << "\n";
  } else {
    const ordered_json error = {{"code", complaint.code}, {"message", message}, {"remedy", complaint.remedy}};
    std::cerr << ordered_json{{"error", error}}.dump(-1, ' ', false, ordered_json::error_handler_t::replace)
              << "\n";
  }
  return complaint.exit;
}

bool HasControl(const std::string& text) {
  return std::ranges::any_of(text,
                             [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

}  // namespace

void AddOperatorFlags(CLI::App& command, OperatorFlags& flags) {
  constexpr const char* kGroup = "Database";  // below the command's own options in its help
  command.add_option("--conninfo", flags.conninfo, kConninfoHelp)->group(kGroup);
  command
      .add_option("--schema", flags.schema, "Schema of the outbox (default: the configured one, else public)")
      ->check([](const std::string& value) { return SchemaNameProblem(value); }, "NAME")
      ->group(kGroup);
}

OperatorTarget FindTarget(const CommandLine& line, const OperatorFlags& flags) {
  OperatorTarget target;
  target.server.conninfo = flags.conninfo;
  if (const auto settings = FindSettings(line, flags.conninfo))
    target = {settings->postgres, settings->outbox, settings->cadence};
  if (!flags.schema.empty()) target.outbox.schema = flags.schema;
  return target;
}

int RunOperator(const CommandLine& line, const OperatorFlags& flags,
                const std::function<int(OperatorSession&)>& work) {
  try {
    const OperatorTarget target = FindTarget(line, flags);
    OperatorSession session(target.server, target.outbox.schema);
    return work(session);
  } catch (const UsageError& error) {
    return Complain(line, {kExitUsage, "usage", "see --help"}, error.what());
  } catch (const NoAnswer& error) {
    return Complain(line, {kExitNo, "nothing_found", ""}, error.what());
  } catch (const ConfigError& error) {
    return Complain(line, {kExitConfig, "configuration", ""}, error.what());
  } catch (const LaneBusy& error) {
    return Complain(line, {kExitTryAgain, "lane_busy", "nothing was changed; try again"}, error.what());
  } catch (const StoreUnavailable& error) {
    return Complain(line, ComplaintOf(error), error.what());
  }
}

Caller ThisCaller(OperatorSession& session) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const passwd* user = getpwuid(geteuid());
  return {session.NewTask(), user != nullptr ? user->pw_name : std::to_string(geteuid()), host.data()};
}

std::string TopicProblem(const std::string& topic) {
  const bool legal = std::ranges::all_of(
      topic, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
  if (legal && !topic.empty() && topic.size() <= 249) return {};
  return "a topic has 1 to 249 letters, digits, dots, underscores and hyphens";
}

// Relays read reasons in a list whose separators are control characters.
std::string ReasonProblem(const std::string& reason) {
  if (reason.empty()) return "a reason must not be empty";
  return HasControl(reason) ? "a reason is one line, without control characters" : "";
}

bool IsUuid(const std::string& text) {
  static const std::regex uuid("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  return std::regex_match(text, uuid);
}

std::string TaskProblem(const std::string& task) {
  return IsUuid(task) ? "" : "'" + task + "' is not a UUID: a run that is interrupted names its task";
}

std::string SpanProblem(const std::string& duration) {
  const auto span = ParseDuration(duration);
  const bool sane = span && span->count() > 0 && *span <= std::chrono::hours(24 * 3650);
  return sane ? "" : "'" + duration + "' is not a time like 90s, 30m, 2h or 7d";
}

}  // namespace outbox
