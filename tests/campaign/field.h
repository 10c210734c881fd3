// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/fault_proxy.h"
#include "support/kafka_admin.h"
#include "support/kafka_cluster.h"
#include "support/pgbouncer.h"
#include "support/postgres_server.h"
#include "support/process.h"
#include "support/small_disk.h"
#include "support/sql.h"

namespace outbox::campaign {

inline constexpr int kBatchMessages = 200;
inline constexpr int kWorkers = 3;
inline constexpr int kMostSpares = 2;

enum class Layout : std::uint8_t { kAny, kRows, kLog };  // of the outbox

// One relay of the field, as a process; started anew in the same place after it ended.
struct RelayPost {
  int number = 0;
  int port = 0;
  std::filesystem::path config;
  std::unique_ptr<test::Process> process;
  bool taken = false;     // a fault is busy with it
  bool expected = false;  // to be running
};

// The servers of a round and the relays between them: PostgreSQL and Kafka, both real, each behind links
// that can be made bad, and a transaction pooler through which every second relay goes. Writers and people
// use PostgreSQL without its link. Kafka's brokers name their links as their own addresses, so everybody
// uses them. Used by one thread.
class Field {
 public:
  struct Options {
    std::string relay;   // the binary
    std::string mortal;  // the one that can be told where to die (relay/core/kill_point.h)
    std::filesystem::path folder;
    std::string completion = "mark";
    int relays = 2;
    int brokers = 1;
    std::int64_t disk = 0;                  // bytes, of a small one for PostgreSQL; 0: there is none
    std::map<std::string, int> partitions;  // of each topic
    int request_messages = 0;               // most in a request; 0: as the relay has it
  };
  explicit Field(Options options);

  test::PostgresServer& postgres() { return *postgres_; }
  test::SmallDisk& disk() { return disk_.value(); }
  test::PgBouncer& pooler() { return *pooler_; }
  test::KafkaCluster& kafka() { return *kafka_; }
  test::FaultProxy& to_postgres() { return to_postgres_; }
  test::FaultProxy& to_kafka(int node) { return *to_kafka_.at(static_cast<std::size_t>(node - 1)); }
  const Options& options() const { return options_; }
  bool log() const { return options_.completion == "log"; }
  Layout layout() const { return log() ? Layout::kLog : Layout::kRows; }
  std::string messages() const { return log() ? "outbox_messages" : "outbox"; }     // with their state
  std::string waiting_table() const { return log() ? "outbox_parked" : "outbox"; }  // of what is refused
  std::string conninfo(const std::string& user) const { return postgres_->conninfo("app", user); }
  test::Sql Connect(const std::string& user) const { return test::Sql(conninfo(user)); }
  test::KafkaAdmin Admin() const { return test::KafkaAdmin(kafka_->bootstrap()); }
  void CreateTopic(const std::string& name) const;

  std::vector<RelayPost>& relays() { return relays_; }  // those planned come first, then the spares
  RelayPost& AddPost();
  void Start(RelayPost& post, int batch_messages = kBatchMessages);
  // With one worker, to die when it passes `point` for the `nth` time.
  void StartMortal(RelayPost& post, const std::string& point, int nth);
  void WriteConfig(const RelayPost& post, int batch_messages = kBatchMessages, int workers = kWorkers) const;

 private:
  void WarmUp() const;
  void MakePartitionsSmall() const;
  void Launch(RelayPost& post, const std::string& binary, const std::map<std::string, std::string>& env);

  Options options_;
  test::FaultProxy to_postgres_;
  std::vector<std::unique_ptr<test::FaultProxy>> to_kafka_;  // one for each broker
  std::optional<test::SmallDisk> disk_;
  std::unique_ptr<test::PostgresServer> postgres_;
  std::unique_ptr<test::PgBouncer> pooler_;
  std::unique_ptr<test::KafkaCluster> kafka_;
  std::vector<RelayPost> relays_;
};

}  // namespace outbox::campaign
