// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// A workload asks one question in one or more cases. The variants of a case are what is compared; they
// take turns, forwards and backwards, on the same servers.
namespace outbox::bench {

class Site;

using Figures = std::vector<std::pair<std::string, double>>;  // in the order in which they are shown

// A message was lost or came out of order, or a run did not end: there is no figure.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Variant {
  std::string name;
  std::function<Figures(Site&)> measure;  // throws Fault
};

struct Case {
  std::string name;
  std::vector<Variant> variants;
};

struct RelayBuild {
  std::string path;
  std::string suffix;  // of variants' names: " A" and " B" when two builds are compared
};

struct Plan {
  std::vector<RelayBuild> relays;
  bool peer = true;    // Debezium, too
  bool quick = false;  // less of everything
};

struct Workload {
  const char* name;
  const char* question;
  bool quick;  // part of a quick run
  std::vector<Case> (*cases)(const Plan&);
};

std::vector<Case> DrainCases(const Plan& plan);
std::vector<Case> SteadyCases(const Plan& plan);
std::vector<Case> IdleCases(const Plan& plan);
std::vector<Case> StartCases(const Plan& plan);
std::vector<Case> HistoryCases(const Plan& plan);
std::vector<Case> SnapshotCases(const Plan& plan);
std::vector<Case> ProducersCases(const Plan& plan);
std::vector<Case> KeysCases(const Plan& plan);
std::vector<Case> ScrapeCases(const Plan& plan);

}  // namespace outbox::bench
