// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "campaign/plan.h"
#include "campaign/round.h"

namespace outbox::campaign {
namespace {

struct Options {
  double minutes = 5;
  double round_seconds = 60;
  std::uint64_t seed = std::random_device{}();
  std::string only;
  std::string completion;
  std::string relay = OUTBOX_RELAY_BINARY;
  std::filesystem::path folder;
  std::filesystem::path resume;
  int relays = 2;
  Workload workload;
  bool impatient = false;
  bool list = false;
};

// The file that makes a campaign resumable: its seed, then one line for each round that held.
std::filesystem::path Rounds(const Options& options) { return options.folder / "rounds"; }

int RoundsDone(Options& options) {
  if (options.resume.empty()) {
    if (options.folder.empty()) options.folder = "faults-" + std::to_string(options.seed);
    std::filesystem::create_directories(options.folder);
    std::ofstream(Rounds(options)) << options.seed << "\n";
    return 0;
  }
  options.folder = options.resume;
  std::ifstream lines(Rounds(options));
  if (!(lines >> options.seed)) throw std::invalid_argument(options.folder.string() + " holds no campaign");
  int done = -1;
  for (std::string line; std::getline(lines, line);) ++done;
  return done;
}

std::string Again(const RoundOptions& round) {
  const auto option = [](const char* name, auto value) {
    std::ostringstream text;
    text << " --" << name << " " << value;
    return text.str();
  };
  const Workload& rows = round.workload;
  return option("seed", round.seed) + option("minutes", 0) + option("round", round.seconds) +
         option("relays", round.relays) + option("completion", round.deletes ? "delete" : "mark") +
         option("large", rows.large_percent) + option("old", rows.old_percent) + option("keys", rows.keys) +
         option("request", rows.request_messages) + (round.only.empty() ? "" : option("only", round.only));
}

bool Hold(const Options& options, int round) {
  RoundOptions one;
  one.relay = options.relay;
  one.seed = options.seed + static_cast<std::uint64_t>(round);
  one.folder = options.folder / ("round-" + std::to_string(round));
  one.seconds = options.round_seconds;
  one.only = options.only;
  one.relays = options.relays;
  one.workload = options.workload;
  one.impatient = options.impatient;
  one.deletes = options.completion.empty() ? one.seed % 2 == 1 : options.completion == "delete";
  std::filesystem::remove_all(one.folder);
  std::filesystem::create_directories(one.folder);
  std::printf("round %d: seed %llu, completion %s, %d relays, in %s\n", round,
              static_cast<unsigned long long>(one.seed), one.deletes ? "delete" : "mark", one.relays,
              one.folder.c_str());
  std::fflush(stdout);
  const RoundResult result = RunRound(one);
  PrintVerdict(result);
  if (!result.findings.none()) {
    std::printf("\nto see it again: scripts/faults%s\n", Again(one).c_str());
    return false;
  }
  std::ofstream(Rounds(options), std::ios::app) << "round " << round << " seed " << one.seed << " held\n";
  return true;
}

int Run(Options options) {
  if (options.list) {
    for (const FaultKind& kind : AllFaults()) std::printf("%s\n", std::string(kind.name).c_str());
    return 0;
  }
  const int done = RoundsDone(options);
  for (int round = done; round == done || round * options.round_seconds < options.minutes * 60; ++round) {
    if (!Hold(options, round)) return 1;
  }
  std::printf("\nall checks held\n");
  return 0;
}

}  // namespace
}  // namespace outbox::campaign

int main(int argc, char** argv) {
  outbox::campaign::Options options;
  CLI::App app("Breaks everything between PostgreSQL and Kafka, and checks what the relay promises.");
  app.add_option("--minutes", options.minutes, "of faults, in rounds; at least one round");
  app.add_option("--round", options.round_seconds, "seconds of faults in each round");
  app.add_option("--seed", options.seed, "of the first round; the next ones follow it");
  app.add_option("--only", options.only, "these faults, with commas, or none");
  app.add_option("--relays", options.relays)->check(CLI::Range(1, 6));
  app.add_option("--completion", options.completion, "else by the seed")
      ->check(CLI::IsMember({"mark", "delete"}));
  app.add_option("--relay", options.relay, "the binary");
  app.add_option("--folder", options.folder, "for journals, histories and logs");
  app.add_option("--resume", options.resume, "the folder of a campaign that was interrupted");
  app.add_option("--large", options.workload.large_percent, "percent of rows that one fault makes too large");
  app.add_option("--old", options.workload.old_percent, "percent of rows that one fault makes too old");
  app.add_option("--keys", options.workload.keys, "few: much of one key in each batch")
      ->check(CLI::Range(2, 200));
  app.add_option("--request", options.workload.request_messages, "most messages in a request to the broker");
  app.add_flag("--impatient", options.impatient, "one finding is enough");
  app.add_flag("--list", options.list, "names of the faults");
  CLI11_PARSE(app, argc, argv);
  try {
    return outbox::campaign::Run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
