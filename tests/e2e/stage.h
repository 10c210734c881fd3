// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/postgres_server.h"
#include "support/sql.h"

namespace outbox::test {

using Config = std::map<std::string, std::string>;  // "delivery.deadline" -> TOML value, quotes included

// The daemon as its users run it: the real binary, its own configuration file, its HTTP port.
class RelayProcess {
 public:
  RelayProcess(const Config& config, const std::vector<std::string>& arguments, const std::string& binary);

  Process& process() { return *process_; }
  pid_t pid() const { return process_->pid(); }
  int port() const { return port_; }
  std::string log() const { return ReadFile(dir_ / "log"); }
  std::filesystem::path config_file() const { return dir_ / "relay.toml"; }
  void WriteConfig(const Config& config) const;

  bool Ready() const;
  void AwaitReady() const;  // fails the test after 20 s
  // The sum over all series of that name whose labels contain each of `labels` ("reason=\"refusal\"");
  // none: there is no such series, or nobody answers.
  std::optional<double> Metric(const std::string& name, const std::vector<std::string>& labels = {}) const;
  // SIGTERM, and the exit code.
  std::optional<int> Stop(milliseconds timeout = seconds(40));

 private:
  TempDir dir_;
  int port_;
  std::unique_ptr<Process> process_;
};

// A PostgreSQL with an outbox in a database of its own and a Kafka broker, both real, and the roles
// as docs/schema.md tells to set them up: the relay is "relay", services are "service", a person is
// "operator"; none of them is a superuser.
class Stage {
 public:
  struct Options {
    PostgresServer::Options postgres{.settings = {{"shared_buffers", "512MB"}, {"max_wal_size", "8GB"}}};
    KafkaBroker::Options kafka{};
    Config config{};  // of every relay
    std::vector<std::string> schema_arguments{};
  };
  Stage() : Stage(Options{}) {}
  explicit Stage(Options options);

  PostgresServer& postgres() { return postgres_; }
  const PostgresServer& postgres() const { return postgres_; }
  KafkaBroker& kafka() { return kafka_; }
  const KafkaBroker& kafka() const { return kafka_; }
  KafkaAdmin Admin() const { return KafkaAdmin(kafka_.bootstrap()); }
  Sql Superuser() const { return Sql(postgres_.conninfo("app")); }
  Sql Service() const { return Sql(postgres_.conninfo("app", "service")); }
  Sql Operator() const { return Sql(postgres_.conninfo("app", "operator")); }

  std::unique_ptr<RelayProcess> StartRelay(const Config& config = {},
                                           const std::vector<std::string>& arguments = {"run"},
                                           const std::string& binary = {}) const;
  // Rows of a status; all of them if empty.
  std::int64_t Count(const std::string& status = {}) const;
  // False: rows were still unsent when `timeout` had passed.
  bool AwaitDrained(milliseconds timeout) const;

 private:
  Options options_;
  PostgresServer postgres_;
  KafkaBroker kafka_;
};

std::string RelayBinary();   // $OUTBOX_TEST_RELAY, else the one that was built beside the tests
std::string MutantBinary();  // the same program with deliberate bugs to choose from

}  // namespace outbox::test
