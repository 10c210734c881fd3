// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/doctor.h"
#include "cli/exit_code.h"
#include "cli/find_settings.h"
#include "cli/message_view.h"
#include "cli/registration.h"
#include "config/units.h"
#include "system/host.h"

namespace outbox {
namespace {

using nlohmann::ordered_json;

constexpr seconds kAskFor{5};

struct DoctorFlags : OperatorFlags {
  std::string role_prefix = "outbox_";
  std::string long_open = "5m";
  bool offline = false;
  bool strict = false;
};

// Gathers facts and asks the checks; what cannot be asked is a finding of its own.
class Doctor {
 public:
  Doctor(const CommandLine& line, const DoctorFlags& flags) : line_(line), flags_(flags) {}

  Findings Examine() {
    ExamineConfiguration();
    if (!flags_.offline && target_) ExamineDatabase();
    if (!flags_.offline && config_) ExamineCluster();
    if (config_) ExamineHost();
    return std::move(findings_);
  }

 private:
  void Add(const Findings& findings) { findings_.insert(findings_.end(), findings.begin(), findings.end()); }
  const Settings* settings() const { return config_ ? &config_->settings : nullptr; }

  void ExamineConfiguration() {
    const ConfigRequest request = RequestOf(line_);
    try {
      if (IsConfigured(request)) {
        config_ = LoadConfig(request);
        CheckSecrets(config_->settings);
        findings_.push_back(
            {"configuration", Severity::kOk, config_->file.empty() ? "from the environment" : config_->file});
      } else {
        findings_.push_back({"configuration", Severity::kSkipped, "none here: only the database is examined",
                             "", "name it with -n or -c", "docs/configuration.md"});
      }
      target_ = FindTarget(line_, flags_);
      if (config_ && flags_.schema.empty()) target_->outbox.schema = config_->settings.outbox.schema;
    } catch (const ConfigError& error) {
      config_.reset();
      std::string all = error.what();
      std::ranges::replace(all, '\n', ' ');
      if (!flags_.conninfo.empty() && !NamesConfig(line_)) {
        // An operator may not read it, and asked for the database.
        findings_.push_back({"configuration", Severity::kSkipped, all, "only the database is examined",
                             "name one with -n or -c", "docs/configuration.md"});
        target_ = FindTarget(line_, flags_);
        return;
      }
      findings_.push_back({"configuration", Severity::kFailed, all, "a relay does not start with it",
                           "mend it; outbox-relay config check says the same", "docs/configuration.md"});
    }
  }

  void ExamineDatabase() {
    try {
      PostgresSettings server = target_->server;
      server.pooler = PoolerMode::kAuto;  // to see what is there, whatever is configured
      OperatorSession session(server, target_->outbox.schema);
      findings_.push_back({"connection", Severity::kOk, "PostgreSQL answers"});
      const ServerFacts facts = ReadServerFacts(session);
      Add({CheckServer(facts), CheckPooler(facts, settings()), CheckClock(facts),
           CheckConnections(facts, settings())});
      ExamineOutbox(session);
    } catch (const StoreUnavailable& error) {
      findings_.push_back({"connection", Severity::kFailed, error.what(),
                           "nothing can be delivered; services that insert may be stopped, too",
                           "see that postgres.conninfo is right, the server up, and the login allowed in",
                           "docs/operations.md#postgresql-is-down"});
    }
  }

  void ExamineOutbox(OperatorSession& session) {
    const auto look = [&](const char* check, const auto& work) {
      try {
        work();
      } catch (const StoreUnavailable& error) {
        findings_.push_back({check, Severity::kFailed, error.what(), "it could not be examined",
                             "outbox-relay schema check; GRANT outbox_operator to this login",
                             "docs/schema.md#roles"});
        session.Reconnect();
      }
    };
    look("schema", [&] {
      findings_.push_back(CheckSchemaDrift(CheckSchema(target_->server, Expected(session.log()))));
    });
    look("role", [&] {
      const RoleFacts role = ReadRoleFacts(session, flags_.role_prefix);
      findings_.push_back(CheckRole(role));
      Add(CheckProducers(role));
    });
    look("table", [&] {
      const TableFacts table = ReadTableFacts(session);
      Add({CheckLayout(session.log(), settings()), CheckIndexes(table), CheckAutovacuum(table),
           CheckBloat(table), CheckHistory(table, settings())});
    });
    if (session.log()) {
      look("log", [&] {
        const LogFacts log = ReadLogFacts(session);
        Add({CheckPartitions(log), CheckOrigin(log)});
      });
    }
    look("vacuum", [&] { Add(CheckVacuumHolders(ReadVacuumFacts(session, LongOpen()))); });
    look("topics", [&] { waiting_ = ReadTopics(session); });
  }

  seconds LongOpen() const {
    return std::chrono::duration_cast<seconds>(ParseDuration(flags_.long_open).value());
  }

  SchemaOptions Expected(bool log) const {
    SchemaOptions options;
    options.layout = log ? SchemaLayout::kLog : SchemaLayout::kRows;
    options.schema = target_->outbox.schema;
    options.role_prefix = flags_.role_prefix;
    options.with_notify = target_->outbox.wake_up == WakeUp::kNotify;
    return options;
  }

  void ExamineCluster() {
    std::set<std::string> topics;
    for (const WaitingTopic& topic : waiting_) topics.insert(topic.topic);
    // Needed only when a message fails, and missed only then.
    const DeadLetterSettings& dead_letters = config_->settings.dead_letters;
    topics.insert(dead_letters.topic);
    for (const auto& [topic, target] : dead_letters.by_topic) topics.insert(target);
    topics.erase("");
    const std::vector<std::string> names(topics.begin(), topics.end());
    KafkaPublisherOptions options;
    options.outbox_name = config_->settings.outbox.name;
    options.kafka = config_->settings.kafka;
    try {
      const ClusterFacts cluster = AskCluster(options, names, kAskFor);
      brokers_ = cluster.brokers;
      findings_.push_back(CheckBrokers(cluster, options.kafka));
      if (cluster.brokers == 0) return;
      Add(CheckTopics(cluster));
      Add(CheckWriteRights(cluster));
      Add(CheckMessageSizes(cluster, waiting_));
    } catch (const std::invalid_argument& error) {
      findings_.push_back({"brokers", Severity::kFailed, error.what(), "a relay does not start with it",
                           "mend [kafka.properties]", "docs/configuration.md"});
    }
  }

  void ExamineHost() {
    findings_.push_back(CheckTimeouts(config_->settings));
    findings_.push_back(CheckOpenFiles(OpenFilesLimit(), config_->settings, brokers_));
    const std::string unit =
        "outbox-relay@" + std::filesystem::path(config_->file).stem().string() + ".service";
    Add(CheckUnit(unit, UnitProperties(unit), config_->settings));
  }

  const CommandLine& line_;
  const DoctorFlags& flags_;
  std::optional<Config> config_;
  std::optional<OperatorTarget> target_;
  std::vector<WaitingTopic> waiting_;
  int brokers_ = 3;
  Findings findings_;
};

ordered_json FindingJson(const Finding& finding) {
  return {{"check", finding.check}, {"state", Word(finding.severity)}, {"what", finding.what},
          {"why", finding.why},     {"remedy", finding.remedy},        {"link", finding.link}};
}

const char* Colour(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "\x1b[32m";
    case Severity::kSkipped:
      return "\x1b[2m";
    case Severity::kWarning:
      return "\x1b[33m";
    case Severity::kFailed:
      return "\x1b[31m";
  }
  return "";
}

void PrintFindings(const Findings& findings) {
  const bool coloured = isatty(STDOUT_FILENO) != 0;
  for (const Finding& finding : findings) {
    std::cout << fmt::format("{}{:<8}{} {:<14} {}\n", coloured ? Colour(finding.severity) : "",
                             Word(finding.severity), coloured ? "\x1b[0m" : "", finding.check,
                             Harmless(finding.what));
    const auto more = [](const char* name, const std::string& text) {
      if (!text.empty()) std::cout << fmt::format("{:24}{:<4} {}\n", "", name, Harmless(text));
    };
    if (finding.severity == Severity::kOk) continue;
    more("why:", finding.why);
    more("do:", finding.remedy);
    more("see:", finding.link);
  }
}

std::int64_t Count(const Findings& findings, Severity severity) {
  return std::ranges::count(findings, severity, &Finding::severity);
}

int Examine(const CommandLine& line, const DoctorFlags& flags) {
  const Findings findings = Doctor(line, flags).Examine();
  const std::int64_t failed = Count(findings, Severity::kFailed);
  const std::int64_t warnings = Count(findings, Severity::kWarning);
  const bool well = failed == 0 && (!flags.strict || warnings == 0);
  if (line.output == "json") {
    auto checks = ordered_json::array();
    for (const Finding& finding : findings) checks.push_back(FindingJson(finding));
    std::cout << Dump({{"ok", well}, {"failed", failed}, {"warnings", warnings}, {"checks", checks}}) << "\n";
  } else if (line.output == "jsonl") {
    for (const Finding& finding : findings) std::cout << Dump(FindingJson(finding)) << "\n";
  } else {
    PrintFindings(findings);
    std::cout << fmt::format("{} failed, {} warnings\n", failed, warnings);
  }
  return well ? kExitDone : kExitNo;
}

}  // namespace

void AddDoctor(CLI::App& app, const CommandLine& line, int& exit_code) {
  const auto [doctor, flags] =
      AddOperatorCommand({app, line, exit_code}, "doctor",
                         "Examines all that a relay depends on; 1: something is wrong", Examine);
  doctor->add_flag("--offline", flags->offline, "Only this machine: ask neither PostgreSQL nor Kafka");
  doctor->add_flag("--strict", flags->strict, "1 for a warning, too");
  doctor->add_option("--long-open", flags->long_open, "How long a transaction may stay open")
      ->check(SpanProblem, "TIME")
      ->capture_default_str();
  doctor->add_option("--role-prefix", flags->role_prefix, "How the five roles begin")
      ->check([](const std::string& value) { return RolePrefixProblem(value); }, "PREFIX")
      ->capture_default_str();
  doctor->footer(
      "Changes and publishes nothing. As the relay's login it sees what the relay sees: run it with the\n"
      "relay's configuration, on its machine. As an operator, add --conninfo.\n"
      "Examples:\n"
      "  outbox-relay -n orders doctor\n"
      "  outbox-relay -n orders -o json doctor --strict");
}

}  // namespace outbox
