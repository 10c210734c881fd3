// SPDX-License-Identifier: Apache-2.0
#include "e2e/stage.h"

#include <cstdlib>
#include <sstream>

#include "support/catch.h"
#include "support/free_port.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

std::string FromEnvironment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

}  // namespace

std::string RelayBinary() { return FromEnvironment("OUTBOX_TEST_RELAY", OUTBOX_RELAY_BINARY); }
std::string MutantBinary() { return FromEnvironment("OUTBOX_TEST_MUTANT", OUTBOX_MUTANT_BINARY); }

RelayProcess::RelayProcess(const Config& config, const std::vector<std::string>& arguments,
                           const std::string& binary)
    : port_(FreePort()) {
  WriteConfig(config);
  std::vector<std::string> argv = {binary.empty() ? RelayBinary() : binary, "-c", config_file()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Process::Options options;
  options.out = dir_ / "log";
  process_ = std::make_unique<Process>(argv, options);
}

void RelayProcess::WriteConfig(const Config& config) const {
  std::map<std::string, std::string> sections;
  Config all = config;
  all.try_emplace("http.listen", "\"127.0.0.1:" + std::to_string(port_) + "\"");
  for (const auto& [key, value] : all) {
    const std::size_t dot = key.find('.');
    sections[key.substr(0, dot)] += key.substr(dot + 1) + " = " + value + "\n";
  }
  std::string text;
  for (const auto& [name, lines] : sections) text += "[" + name + "]\n" + lines;
  WriteFile(config_file(), text);
}

bool RelayProcess::Ready() const { return HttpGet(port_, "/readyz").status == 200; }

void RelayProcess::AwaitReady() const {
  const bool ready = WaitFor([this] { return Ready(); }, seconds(20));
  INFO(log());
  REQUIRE(ready);
}

std::optional<double> RelayProcess::Metric(const std::string& name,
                                           const std::vector<std::string>& labels) const {
  std::istringstream lines(HttpGet(port_, "/metrics").body);
  std::optional<double> sum;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.find_first_of("{ ");
    if (line.substr(0, end) != "outbox_relay_" + name) continue;
    bool all = true;
    for (const std::string& label : labels) all = all && line.find(label) != std::string::npos;
    if (all) sum = sum.value_or(0) + std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

std::optional<int> RelayProcess::Stop(milliseconds timeout) {
  process_->Kill(SIGTERM);
  return process_->Wait(timeout);
}

Stage::Stage(Options options)
    : options_(std::move(options)), postgres_(options_.postgres), kafka_(options_.kafka) {
  postgres_.CreateDatabase("app");
  std::vector<std::string> apply = {RelayBinary(), "schema",     "apply",
                                    "--execute",   "--conninfo", postgres_.conninfo("app")};
  apply.insert(apply.end(), options_.schema_arguments.begin(), options_.schema_arguments.end());
  const Finished applied = outbox::test::Run(apply);
  INFO(applied.err);
  REQUIRE(applied.exit == 0);
  Superuser().Run(
      "CREATE ROLE relay LOGIN IN ROLE outbox_relay; CREATE ROLE service LOGIN IN ROLE outbox_producer;"
      "CREATE ROLE operator LOGIN IN ROLE outbox_operator");
}

std::unique_ptr<RelayProcess> Stage::StartRelay(const Config& config,
                                                const std::vector<std::string>& arguments,
                                                const std::string& binary) const {
  Config all = config;
  all.insert(options_.config.begin(), options_.config.end());
  all.try_emplace("postgres.conninfo", "\"" + postgres_.conninfo("app", "relay") + "\"");
  all.try_emplace("kafka.brokers", "[\"" + kafka_.bootstrap() + "\"]");
  all.try_emplace("outbox.name", "\"orders\"");
  return std::make_unique<RelayProcess>(all, arguments, binary);
}

std::int64_t Stage::Count(const std::string& status) const {
  const std::string where = status.empty() ? "" : " WHERE status = '" + status + "'";
  return std::stoll(Superuser().Value("SELECT count(*) FROM outbox" + where));
}

bool Stage::AwaitDrained(milliseconds timeout) const {
  Sql sql = Superuser();
  return WaitFor(
      [&sql] {
        return sql.Value("SELECT count(*) FROM outbox WHERE status IN ('pending', 'retrying')") == "0";
      },
      timeout);
}

}  // namespace outbox::test
