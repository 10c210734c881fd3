// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace outbox {

// What can follow, read from the parser itself, so that it cannot differ from what the parser takes.
struct CompletedOption {
  std::vector<std::string> names;  // "-o", "--output"
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> values;  // the only ones there are; empty: anything
};

struct CompletedCommand {
  std::vector<std::string> path;  // {"schema", "apply"}; empty: the program
  std::string help;
  std::vector<CompletedOption> options;
  std::vector<CompletedCommand> commands;
};

CompletedCommand CommandTree(const CLI::App& app);

// A script for that shell, to be sourced.
std::string BashCompletion(const CompletedCommand& tree);
std::string ZshCompletion(const CompletedCommand& tree);
std::string FishCompletion(const CompletedCommand& tree);

}  // namespace outbox
