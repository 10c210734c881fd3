// SPDX-License-Identifier: Apache-2.0
#include "bench/relay_contender.h"

#include <sstream>

#include "support/free_port.h"
#include "support/http_get.h"

namespace outbox::bench {
namespace {

constexpr const char* kRoles = R"(
DO $$
BEGIN
  CREATE ROLE relay LOGIN IN ROLE outbox_relay;
  CREATE ROLE service LOGIN IN ROLE outbox_producer;
EXCEPTION WHEN duplicate_object THEN NULL;  -- roles belong to the server, not to the database
END
$$)";

}  // namespace

RelayContender::RelayContender(Site& site, const RelayBuild& build, Options options)
    : Contender(site), binary_(build.path), options_(std::move(options)), database_(site, "outbox_bench") {
  std::vector<std::string> apply = {binary_,     "schema",     "apply",
                                    "--execute", "--conninfo", superuser_conninfo()};
  if (options_.with_notify) apply.emplace_back("--with-notify");
  if (keeps_log()) apply.insert(apply.end(), {"--layout", "log"});
  const test::Finished applied = test::Run(apply);
  if (applied.exit != 0) throw Fault("no schema: " + applied.out + applied.err);
  test::Sql(superuser_conninfo()).Run(kRoles);
  for (int i = 0; i < options_.relays; ++i) ports_.push_back(test::FreePort());
}

void RelayContender::Launch() {
  for (const int port : ports_) {
    std::map<std::string, std::string> settings = {
        {"postgres.conninfo", database_.conninfo("relay")},
        {"kafka.brokers", site_.kafka().bootstrap()},
        {"outbox.name", "bench"},
        {"http.listen", "127.0.0.1:" + std::to_string(port)},
    };
    settings.insert(options_.settings.begin(), options_.settings.end());
    std::vector<std::string> argv = {binary_};
    for (const auto& [key, value] : settings) {
      argv.emplace_back("--set");
      argv.push_back(key + "=" + value);
    }
    argv.emplace_back("run");
    processes_.push_back(std::make_unique<test::Process>(argv, test::Process::Options{.out = dir_ / "log"}));
  }
}

void RelayContender::Shutdown() {
  for (const auto& process : processes_) process->Kill(SIGTERM);
  for (const auto& process : processes_) {
    const auto exit = process->Wait(test::seconds(40));
    if (exit != 0) throw Fault("the relay ended with " + std::to_string(exit.value_or(-1)) + ": " + log());
  }
  processes_.clear();
}

void RelayContender::AwaitReady() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const auto ready = [&] { return test::HttpGet(ports_[i], "/readyz").status == 200; };
    const auto decided = [&] { return ready() || !processes_[i]->running(); };
    if (!test::WaitFor(decided, test::seconds(20)) || !processes_[i]->running()) {
      throw Fault("the relay does not become ready: " + log());
    }
  }
}

double RelayContender::Sent() const {
  double sum = 0;
  for (const int port : ports_) {
    std::istringstream lines(test::HttpGet(port, "/metrics").body);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("outbox_relay_messages_sent_total{"))
        sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

// By its counter: it is cheap, where the table would have to be searched.
void RelayContender::Settle(std::int64_t rows, test::milliseconds timeout) {
  const auto settled = [&] { return Sent() >= static_cast<double>(rows); };
  if (!test::WaitFor(settled, timeout)) throw Fault("not all is settled in time: " + log());
}

bool RelayContender::keeps_log() const {
  const auto completion = options_.settings.find("outbox.completion");
  return completion != options_.settings.end() && completion->second == "log";
}

std::int64_t RelayContender::unsettled() const {
  return std::stoll(test::Sql(superuser_conninfo())
                        .Value(keeps_log() ? "SELECT (SELECT last_value FROM outbox_id_seq) - upto"
                                             " + (SELECT count(*) FROM outbox_parked) FROM outbox_progress"
                                           : "SELECT count(*) FROM outbox WHERE status <> 'sent'"));
}

std::vector<pid_t> RelayContender::pids() const {
  std::vector<pid_t> all;
  for (const auto& process : processes_) all.push_back(process->pid());
  return all;
}

}  // namespace outbox::bench
