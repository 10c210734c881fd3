// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/about.h"
#include "bench/site.h"
#include "bench/workload.h"

namespace outbox::bench {
namespace {

constexpr std::array<Workload, 9> kWorkloads{{
    {"drain", "How fast does a backlog reach Kafka, and at what cost?", true, DrainCases},
    {"steady", "How late is a message under a steady load?", true, SteadyCases},
    {"idle", "What does it cost while there is nothing to do, and how late is the first message?", true,
     IdleCases},
    {"start", "How long from the start of the process to the first message?", true, StartCases},
    {"history", "What do millions of sent rows cost that are kept?", false, HistoryCases},
    {"snapshot", "What does a snapshot cost that somebody holds open?", false, SnapshotCases},
    {"producers", "What do services pay for the relay, and for wake-ups?", false, ProducersCases},
    {"keys", "What do few or many keys cost, and what do more relays gain?", false, KeysCases},
    {"scrape", "How long does /metrics take beside millions of rows?", false, ScrapeCases},
}};

struct Arguments {
  std::vector<std::string> workloads;
  std::vector<std::string> relays;
  std::vector<std::string> only;
  int rounds = 0;
  bool quick = false;
};

// The figures go to stdout, one JSON object a line; what a person wants to see meanwhile to stderr.
class Bench {
 public:
  explicit Bench(const Arguments& arguments) : arguments_(arguments) {
    plan_.quick = arguments.quick;
    const bool two = arguments.relays.size() == 2;
    plan_.peer = !two;
    for (const std::string& path : arguments.relays) {
      plan_.relays.push_back(
          {std::filesystem::absolute(path), two ? plan_.relays.empty() ? " A" : " B" : ""});
    }
  }

  int Run() {
    Print({{"about", About(plan_)}});
    for (const Workload& workload : kWorkloads) {
      if (Wanted(workload)) RunWorkload(workload);
    }
    return faults_ == 0 ? 0 : 1;
  }

 private:
  static void Print(const nlohmann::ordered_json& line) { std::cout << line.dump() << std::endl; }

  bool Wanted(const Workload& workload) const {
    const auto& names = arguments_.workloads;
    if (names.empty()) return !arguments_.quick || workload.quick;
    return std::find(names.begin(), names.end(), workload.name) != names.end();
  }

  bool Wanted(const Variant& variant) const {
    return arguments_.only.empty() ||
           std::any_of(arguments_.only.begin(), arguments_.only.end(),
                       [&](const auto& word) { return variant.name.find(word) != std::string::npos; });
  }

  void RunWorkload(const Workload& workload) {
    std::cerr << "\n"
              << workload.name << ": " << workload.question << "\n"
              << "  starting servers\n";
    Print({{"workload", workload.name}, {"question", workload.question}});
    Site site;
    Print({{"about", {{"PostgreSQL", site.Superuser().Value("SHOW server_version")}}}});
    for (Case& one : workload.cases(plan_)) {
      std::erase_if(one.variants, [this](const Variant& variant) { return !Wanted(variant); });
      const int rounds = arguments_.rounds != 0 ? arguments_.rounds : arguments_.quick ? 2 : 4;
      for (int round = 1; round <= rounds; ++round) {
        for (const Variant& variant : one.variants) MeasureOnce(site, workload, one, variant, round);
        std::reverse(one.variants.begin(), one.variants.end());  // whatever drifts meets both alike
      }
    }
  }

  void MeasureOnce(Site& site, const Workload& workload, const Case& one, const Variant& variant, int round) {
    nlohmann::ordered_json line = {
        {"workload", workload.name}, {"case", one.name}, {"variant", variant.name}, {"round", round}};
    std::cerr << "  " << one.name << ", " << variant.name << ", round " << round << ": " << std::flush;
    try {
      const Figures figures = variant.measure(site);
      nlohmann::ordered_json object = nlohmann::ordered_json::object();
      for (const auto& [name, value] : figures) object[name] = value;
      line["figures"] = object;
      std::cerr << figures.front().second << " " << figures.front().first << "\n";
    } catch (const std::exception& fault) {
      line["fault"] = fault.what();
      std::cerr << "FAULT: " << fault.what() << "\n";
      ++faults_;
    }
    Print(line);
  }

  const Arguments arguments_;
  Plan plan_;
  int faults_ = 0;
};

int Main(int argc, char** argv) {
  CLI::App app("Measures the relay, and its peer, between a real PostgreSQL and a real Kafka.",
               "outbox-relay-bench");
  Arguments arguments;
  std::vector<std::string> names;
  std::string known = "Workloads (default: all; with --quick the first four):\n";
  for (const Workload& workload : kWorkloads) {
    names.emplace_back(workload.name);
    known += std::string("  ") + workload.name + std::string(12 - names.back().size(), ' ') +
             workload.question + "\n";
  }
  app.footer("\n" + known);
  app.add_option("WORKLOAD", arguments.workloads, "What to measure")->check(CLI::IsMember(names));
  app.add_option("--relay", arguments.relays,
                 "The relay's binary; given twice, compares build A with build B")
      ->type_name("PATH")
      ->expected(1)
      ->take_all()
      ->check(CLI::ExistingFile);
  app.add_option("--only", arguments.only, "Only variants whose names contain this; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all();
  app.add_option("--rounds", arguments.rounds,
                 "Rounds, forwards and backwards by turns (default: 4, quick: 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 100));
  app.add_flag("--quick", arguments.quick, "Less of everything: some minutes");
  CLI11_PARSE(app, argc, argv);
  if (arguments.relays.empty()) arguments.relays = {OUTBOX_BENCH_RELAY};
  if (arguments.relays.size() > 2) {
    std::cerr << "outbox-relay-bench: at most two relays can be compared\n";
    return 2;
  }
  try {
    return Bench(arguments).Run();
  } catch (const std::exception& error) {
    std::cerr << "outbox-relay-bench: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace
}  // namespace outbox::bench

int main(int argc, char** argv) { return outbox::bench::Main(argc, argv); }
