// SPDX-License-Identifier: Apache-2.0
#include "e2e/security_secrets.h"

#include <filesystem>
#include <vector>

#include "support/http_get.h"

namespace outbox::test {
namespace {

std::string Children(const std::string& process) {
  std::string children;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(process + "/task", gone))
    children += ReadFile(task.path() / "children");
  return children;
}

}  // namespace

std::string WhereSeen(const RelayProcess& relay, const std::string& secret, bool in_environment) {
  std::string seen;
  const auto look = [&](const std::string& where, const std::string& text) {
    if (text.find(secret) != std::string::npos) seen += where + " ";
  };
  look("log", relay.log());
  for (const char* page : {"/", "/api/status", "/metrics", "/readyz", "/livez"})
    look(page, HttpGet(relay.port(), page).body);
  const std::string process = "/proc/" + std::to_string(relay.pid());
  look("cmdline", ReadFile(process + "/cmdline"));
  if (!in_environment) look("environ", ReadFile(process + "/environ"));
  if (!Children(process).empty()) seen += "(it has children) ";
  const std::vector<std::vector<std::string>> commands = {
      {"config", "show"}, {"-o", "json", "config", "show"}, {"config", "check"}, {"doctor"}};
  for (const auto& words : commands) {
    std::vector<std::string> argv = {RelayBinary(), "-c", relay.config_file()};
    argv.insert(argv.end(), words.begin(), words.end());
    const Finished done = Run(argv);
    look(words.back(), done.out + done.err);
  }
  return seen;
}

}  // namespace outbox::test
