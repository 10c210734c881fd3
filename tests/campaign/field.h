// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/fault_proxy.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/postgres_server.h"
#include "support/process.h"
#include "support/sql.h"

namespace outbox::campaign {

inline constexpr int kBatchMessages = 200;
inline constexpr int kWorkers = 3;

// One relay of the field, as a process; started anew in the same place after it ended.
struct RelayPost {
  int number = 0;
  int port = 0;
  std::filesystem::path config;
  std::unique_ptr<test::Process> process;
  bool taken = false;     // a fault is busy with it
  bool expected = false;  // to be running
};

// The servers of a round and the relays between them: PostgreSQL and Kafka, both real, each behind a
// link that can be made bad. Writers and people use PostgreSQL without that link. Kafka names the link as
// its own address, so everybody uses it. Used by one thread.
class Field {
 public:
  struct Options {
    std::string relay;  // the binary
    std::filesystem::path folder;
    bool deletes = false;  // completion
    int relays = 2;
    std::map<std::string, int> partitions;  // of each topic
    int request_messages = 0;               // most in a request; 0: as the relay has it
  };
  explicit Field(Options options);

  test::PostgresServer& postgres() { return *postgres_; }
  test::KafkaBroker& kafka() { return *kafka_; }
  test::FaultProxy& to_postgres() { return to_postgres_; }
  test::FaultProxy& to_kafka() { return to_kafka_; }
  const Options& options() const { return options_; }
  std::string conninfo(const std::string& user) const { return postgres_->conninfo("app", user); }
  test::Sql Connect(const std::string& user) const { return test::Sql(conninfo(user)); }
  test::KafkaAdmin Admin() const { return test::KafkaAdmin(kafka_->bootstrap()); }

  std::vector<RelayPost>& relays() { return relays_; }
  RelayPost& AddPost();
  void Start(RelayPost& post, int batch_messages = kBatchMessages);
  void WriteConfig(const RelayPost& post, int batch_messages) const;

 private:
  Options options_;
  test::FaultProxy to_postgres_;
  test::FaultProxy to_kafka_;
  std::unique_ptr<test::PostgresServer> postgres_;
  std::unique_ptr<test::KafkaBroker> kafka_;
  std::vector<RelayPost> relays_;
};

}  // namespace outbox::campaign
