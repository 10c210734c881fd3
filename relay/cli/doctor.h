// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "kafka/cluster_facts.h"
#include "postgres/doctor_facts.h"
#include "postgres/log_partitions.h"
#include "postgres/schema_admin.h"

// What `doctor` checks. Facts are gathered first, and each check is a small function from facts to
// findings, one at least: that all is well is a finding, too. Codes and severities are public.
namespace outbox {

enum class Severity { kOk, kSkipped, kWarning, kFailed };

struct Finding {
  const char* check;  // its code, such as "vacuum"
  Severity severity = Severity::kOk;
  std::string what;
  std::string why{};      // it matters
  std::string remedy{};   // what to do
  const char* link = "";  // where docs/ says more
};
using Findings = std::vector<Finding>;

const char* Word(Severity severity);

Finding CheckServer(const ServerFacts& server);
Finding CheckRole(const RoleFacts& role);
Findings CheckProducers(const RoleFacts& role);
Finding CheckSchemaDrift(const std::vector<Drift>& drift);
Finding CheckIndexes(const TableFacts& table);
Finding CheckAutovacuum(const TableFacts& table);
Findings CheckVacuumHolders(const VacuumFacts& vacuum);
Finding CheckBloat(const TableFacts& table);
Finding CheckHistory(const TableFacts& table, const Settings* settings);
Finding CheckPooler(const ServerFacts& server, const Settings* settings);
Finding CheckClock(const ServerFacts& server);
Finding CheckConnections(const ServerFacts& server, const Settings* settings);

Finding CheckLayout(bool log, const Settings* settings);
Finding CheckPartitions(const LogFacts& log);
Finding CheckOrigin(const LogFacts& log);

Finding CheckBrokers(const ClusterFacts& cluster, const KafkaSettings& settings);
Findings CheckTopics(const ClusterFacts& cluster);
Findings CheckWriteRights(const ClusterFacts& cluster);
Findings CheckMessageSizes(const ClusterFacts& cluster, const std::vector<WaitingTopic>& waiting);

Finding CheckTimeouts(const Settings& settings);
Finding CheckOpenFiles(std::int64_t limit, const Settings& settings, int brokers);
Findings CheckUnit(const std::string& unit, const std::map<std::string, std::string>& properties,
                   const Settings& settings);

}  // namespace outbox
