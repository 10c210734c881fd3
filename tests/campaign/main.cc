// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "campaign/plan.h"
#include "campaign/round.h"

namespace outbox::campaign {
namespace {

constexpr int kManyBrokers = 3;
constexpr std::uint64_t kManyBrokersEvery = 3;  // rounds

struct Options {
  double minutes = 5;
  double round_seconds = 60;
  std::uint64_t seed = std::random_device{}();
  std::string only;
  std::string completion;
  std::string relay = OUTBOX_RELAY_BINARY;
  std::string mortal = OUTBOX_MUTANT_BINARY;
  std::filesystem::path folder;
  std::filesystem::path resume;
  int relays = 2;
  int brokers = 0;
  Workload workload;
  bool impatient = false;
  bool list = false;
};

using Tally = std::map<std::string, int>;  // how often each fault happened

// Two files make a campaign resumable: how it was called, and a line for each round that held.
std::filesystem::path Call(const std::filesystem::path& folder) { return folder / "options"; }
std::filesystem::path Rounds(const Options& options) { return options.folder / "rounds"; }

int RoundsDone(const Options& options, Tally& happened) {
  int done = 0;
  std::ifstream lines(Rounds(options));
  for (std::string line; std::getline(lines, line); ++done) {
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const std::size_t times = word.find('=');
      if (times != std::string::npos) happened[word.substr(0, times)] += std::stoi(word.substr(times + 1));
    }
  }
  return done;
}

void NoteRound(const Options& options, const RoundOptions& one, const Tally& happened) {
  std::ofstream rounds(Rounds(options), std::ios::app);
  rounds << "held with seed " << one.seed;
  for (const auto& [fault, often] : happened) rounds << " " << fault << "=" << often;
  rounds << "\n";
}

RoundOptions Describe(const Options& options, int round) {
  RoundOptions one;
  one.relay = options.relay;
  one.mortal = options.mortal;
  one.seed = options.seed + static_cast<std::uint64_t>(round);
  one.folder = options.folder / ("round-" + std::to_string(round));
  one.seconds = options.round_seconds;
  one.only = options.only;
  one.relays = options.relays;
  one.brokers = options.brokers > 0 ? options.brokers : one.seed % kManyBrokersEvery == 0 ? kManyBrokers : 1;
  one.workload = options.workload;
  one.impatient = options.impatient;
  one.completion = !options.completion.empty() ? options.completion : one.seed % 2 == 1 ? "delete" : "mark";
  return one;
}

std::string Again(const RoundOptions& round) {
  const auto option = [](const char* name, auto value) {
    std::ostringstream text;
    text << " --" << name << " " << value;
    return text.str();
  };
  const Workload& rows = round.workload;
  return option("seed", round.seed) + option("minutes", 0) + option("round", round.seconds) +
         option("relays", round.relays) + option("brokers", round.brokers) +
         option("completion", round.completion) + option("large", rows.large_percent) +
         option("old", rows.old_percent) + option("keys", rows.keys) +
         option("request", rows.request_messages) + (round.only.empty() ? "" : option("only", round.only)) +
         (round.impatient ? " --impatient" : "");
}

bool Hold(const RoundOptions& one, Tally& happened) {
  std::filesystem::remove_all(one.folder);
  std::filesystem::create_directories(one.folder);
  std::printf("\n%s: seed %llu, completion %s, %d relays, %d brokers\n", one.folder.c_str(),
              static_cast<unsigned long long>(one.seed), one.completion.c_str(), one.relays, one.brokers);
  std::fflush(stdout);
  const RoundResult result = RunRound(one);
  PrintVerdict(result);
  happened = result.happened;
  if (result.findings.none()) return true;
  std::printf("\nto see it again: scripts/faults%s\n", Again(one).c_str());
  return false;
}

void PrintHappened(const Tally& happened, const Options& options) {
  const Layout layout = options.completion == "log" ? Layout::kLog : Layout::kRows;
  std::printf("\n%-22s %s\n", "fault", "times");
  for (const FaultKind* kind : ChooseKinds(options.only, true, layout)) {
    const std::string name(kind->name);
    const auto found = happened.find(name);
    std::printf("%-22s %d\n", name.c_str(), found == happened.end() ? 0 : found->second);
  }
}

int Run(const Options& options) {
  Tally happened;
  const int done = RoundsDone(options, happened);
  if (done > 0) std::printf("%d rounds have held before\n", done);
  bool held = true;
  for (int round = done; held && (round == 0 || round * options.round_seconds < options.minutes * 60);
       ++round) {
    const RoundOptions one = Describe(options, round);
    Tally now;
    held = Hold(one, now);
    for (const auto& [fault, often] : now) happened[fault] += often;
    if (held) NoteRound(options, one, now);
  }
  PrintHappened(happened, options);
  std::printf("\n%s\n", held ? "all checks held" : "NOT ALL CHECKS HELD");
  return held ? 0 : 1;
}

void Declare(CLI::App& app, Options& options) {
  app.add_option("--minutes", options.minutes, "of faults, in rounds; at least one round");
  app.add_option("--round", options.round_seconds, "seconds of faults in each round");
  app.add_option("--seed", options.seed, "of the first round; the next ones follow it");
  app.footer(
      "Prints progress, and for each round its history and its verdict; at the end how often each fault "
      "happened. "
      "Exits with 0 if every check held. Within 40 rounds of a minute every kind comes at least ten times.");
  app.add_option("--only", options.only, "these faults, with commas between them, or none");
  app.add_option("--relays", options.relays)->check(CLI::Range(1, 6));
  app.add_option("--brokers", options.brokers, "else 3 in every third round, by its seed")
      ->check(CLI::IsMember({1, 3}));
  app.add_option("--completion", options.completion, "else by the seed")
      ->check(CLI::IsMember({"mark", "delete", "log"}));
  app.add_option("--large", options.workload.large_percent, "percent of rows that one fault makes too large");
  app.add_option("--old", options.workload.old_percent, "percent of rows that one fault makes too old");
  app.add_option("--keys", options.workload.keys, "few: much of one key in each batch")
      ->check(CLI::Range(2, 200));
  app.add_option("--request", options.workload.request_messages, "most messages in a request to the broker");
  app.add_flag("--impatient", options.impatient, "one finding is enough");
  app.add_option("--relay", options.relay, "the binary");
  app.add_option("--mortal", options.mortal, "the binary for faults that name a place to die at");
  app.add_option("--folder", options.folder, "for journals, histories and logs");
  app.add_option("--resume", options.resume,
                 "the folder of a campaign that was interrupted: go on as it was called")
      ->configurable(false);
  app.add_flag("--list", options.list, "names of the faults")->configurable(false);
}

void Prepare(CLI::App& app, Options& options, int argc, char** argv) {
  app.parse(argc, argv);
  if (options.list) return;
  if (options.resume.empty()) {
    if (options.folder.empty()) options.folder = "faults-" + std::to_string(options.seed);
    std::filesystem::create_directories(options.folder);
    std::filesystem::remove(Rounds(options));
    std::ofstream call(Call(options.folder));
    call << app.config_to_str();
    if (app.count("--seed") == 0) call << "seed=" << options.seed << "\n";
    return;
  }
  std::ifstream call(Call(options.resume));
  if (!call) throw std::invalid_argument(options.resume.string() + " holds no campaign");
  app.parse_from_stream(call);
  app.parse(argc, argv);  // what is said now counts for more
  options.folder = options.resume;
}

int List() {
  for (const FaultKind& kind : AllFaults()) std::printf("%s\n", std::string(kind.name).c_str());
  return 0;
}

}  // namespace
}  // namespace outbox::campaign

int main(int argc, char** argv) {
  outbox::campaign::Options options;
  CLI::App app("Breaks everything between PostgreSQL and Kafka, and checks what the relay promises.");
  outbox::campaign::Declare(app, options);
  try {
    outbox::campaign::Prepare(app, options, argc, argv);
    return options.list ? outbox::campaign::List() : outbox::campaign::Run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
