// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace outbox {

// Options that every command understands.
struct CommandLine {
  std::string name;              // -n
  std::string config_file;       // -c
  std::vector<std::string> set;  // --set section.key=value
  std::string output = "table";  // -o table|json|jsonl
};

// Each command adds its subcommand to `app`; when that is chosen, its callback runs the command and
// leaves its exit code in `exit_code`. Both references outlive the parse. A command throws
// ConfigError for a wrong configuration and StoreUnavailable where it cannot reach the database;
// main says it once and turns it into an exit code.
void AddRun(CLI::App& app, const CommandLine& line, int& exit_code);
void AddDemo(CLI::App& app, const CommandLine& line, int& exit_code);
void AddSchema(CLI::App& app, const CommandLine& line, int& exit_code);
void AddConfig(CLI::App& app, const CommandLine& line, int& exit_code);
void AddHealthcheck(CLI::App& app, const CommandLine& line, int& exit_code);
void AddStatus(CLI::App& app, const CommandLine& line, int& exit_code);
void AddPause(CLI::App& app, const CommandLine& line, int& exit_code);
void AddResume(CLI::App& app, const CommandLine& line, int& exit_code);
void AddList(CLI::App& app, const CommandLine& line, int& exit_code);
void AddShow(CLI::App& app, const CommandLine& line, int& exit_code);
void AddRetry(CLI::App& app, const CommandLine& line, int& exit_code);
void AddDiscard(CLI::App& app, const CommandLine& line, int& exit_code);
void AddPurge(CLI::App& app, const CommandLine& line, int& exit_code);
void AddReplay(CLI::App& app, const CommandLine& line, int& exit_code);
void AddPublish(CLI::App& app, const CommandLine& line, int& exit_code);
void AddTail(CLI::App& app, const CommandLine& line, int& exit_code);
void AddAudit(CLI::App& app, const CommandLine& line, int& exit_code);
void AddDoctor(CLI::App& app, const CommandLine& line, int& exit_code);
void AddUnblock(CLI::App& app, const CommandLine& line, int& exit_code);
void AddCompletion(CLI::App& app, const CommandLine& line, int& exit_code);
void AddVersion(CLI::App& app, const CommandLine& line, int& exit_code);

}  // namespace outbox
