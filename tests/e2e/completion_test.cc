// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "e2e/stage.h"
#include "e2e/typed_shell.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

std::string Script(const std::string& shell) {
  const Finished done = Run({RelayBinary(), "completion", shell});
  REQUIRE(done.exit == 0);
  return done.out;
}

// The commands that the program's own help lists.
std::vector<std::string> ListedCommands() {
  std::istringstream help(Run({RelayBinary(), "--help"}).out);
  std::vector<std::string> names;
  bool listing = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Subcommands:") {
      listing = true;
    } else if (listing && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return names;
}

}  // namespace

TEST_CASE("bash completes commands, options, values and files, as it would for a person") {
  TempDir folder;
  WriteFile(folder / "orders.toml", "");
  WriteFile(folder / "completion", Script("bash"));
  TypedShell bash;
  bash.Run("cd " + folder.path().string() + " && source ./completion");
  const std::pair<const char*, const char*> cases[] = {
      {"outbox-relay stat", "outbox-relay status "},
      {"outbox-relay sche", "outbox-relay schema "},
      {"outbox-relay schema app", "outbox-relay schema apply "},
      {"outbox-relay -n orders --set a.b=list repl", "outbox-relay -n orders --set a.b=list replay "},
      {"outbox-relay replay --thr", "outbox-relay replay --through-newest "},
      {"outbox-relay replay --outp", "outbox-relay replay --output "},
      {"outbox-relay replay -o jsonl --exec", "outbox-relay replay -o jsonl --execute "},
      {"outbox-relay -o ta", "outbox-relay -o table "},
      {"outbox-relay list --status fai", "outbox-relay list --status failed "},
      {"outbox-relay list --topic status --li", "outbox-relay list --topic status --limit "},
      {"outbox-relay -c ord", "outbox-relay -c orders.toml "},
      {"outbox-relay nothing-like-it", "outbox-relay nothing-like-it"},
      {"outbox-relay list --topic sta", "outbox-relay list --topic sta"},
  };
  for (const auto& [typed, completed] : cases) CHECK(bash.Completed(typed) == completed);
}

TEST_CASE("every shell's script knows every command, its options and their values") {
  const auto commands = ListedCommands();
  CHECK(commands.size() > 15);
  const std::string bash = Script("bash");
  const std::string zsh = Script("zsh");
  const std::string fish = Script("fish");
  for (const std::string& command : commands) {
    INFO(command);
    CHECK(bash.find("    ' " + command + "')") != std::string::npos);
    CHECK(zsh.find("    ' " + command + "')") != std::string::npos);
    CHECK(fish.find("__outbox_relay_at ''\" -a " + command + " -d ") != std::string::npos);
  }
  CHECK(zsh.find("'--through-newest:") != std::string::npos);
  CHECK(zsh.find("'--layout:") != std::string::npos);
  CHECK(zsh.starts_with("#compdef outbox-relay\n"));
  CHECK(fish.find("-l through-newest -d") != std::string::npos);
  CHECK(fish.find("-s o -l output -x -a 'table json jsonl' -d") != std::string::npos);
  CHECK(Run({RelayBinary(), "completion"}).exit == 64);
}

}  // namespace outbox::test
