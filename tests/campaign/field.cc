// SPDX-License-Identifier: Apache-2.0
#include "campaign/field.h"

#include <chrono>
#include <stdexcept>

#include "support/free_port.h"
#include "support/kafka_client.h"
#include "support/temp_dir.h"

namespace outbox::campaign {
namespace {

constexpr std::size_t kMostRelays = 10;  // references to posts stay valid up to that
constexpr int kPartitionRows = 10'000;   // of a log
constexpr int kReplicas = 3;             // where there are so many brokers

test::PostgresServer::Options Database(const std::optional<test::SmallDisk>& disk) {
  // Sixty connections are few enough to be used up, and enough for everybody otherwise.
  test::PostgresServer::Options options{.settings = {{"max_connections", "60"}, {"max_wal_size", "96MB"}}};
  if (!disk) return options;
  options.folder = disk->path();
  // A disk in memory answers at once; commits are to take as long as on a real one.
  options.settings.insert({{"commit_delay", "1000"}, {"commit_siblings", "0"}});
  return options;
}

test::KafkaBroker::Options Broker(int port_of_link, int brokers) {
  test::KafkaBroker::Options options;
  options.advertised_port = port_of_link;
  options.properties = {{"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                        {"allow.everyone.if.no.acl.found", "true"},
                        {"min.insync.replicas", brokers >= kReplicas ? "2" : "1"}};
  return options;
}

std::string Requests(int most) {
  if (most == 0) return "";
  return "[kafka.properties]\n\"batch.num.messages\" = " + std::to_string(most) + "\n";
}

}  // namespace

Field::Field(Options options) : options_(std::move(options)) {
  if (options_.disk > 0) disk_.emplace(options_.disk);
  postgres_ = std::make_unique<test::PostgresServer>(Database(disk_));
  to_postgres_.Forward(postgres_->port());
  // Its own patience after an outage is longer than a round's.
  pooler_ = std::make_unique<test::PgBouncer>(
      to_postgres_.port(),
      std::map<std::string, std::string>{{"server_login_retry", "1"}, {"server_connect_timeout", "3"}});
  for (int n = 1; n <= options_.brokers; ++n) to_kafka_.push_back(std::make_unique<test::FaultProxy>());
  kafka_ = std::make_unique<test::KafkaCluster>(
      options_.brokers, [this](int n) { return Broker(to_kafka(n).port(), options_.brokers); });
  for (int n = 1; n <= options_.brokers; ++n) to_kafka(n).Forward(kafka_->node(n).port());
  postgres_->CreateDatabase("app");
  const test::Finished applied = test::Run({options_.relay, "schema", "apply", "--execute", "--layout",
                                            log() ? "log" : "rows", "--conninfo", conninfo("postgres")});
  if (applied.exit != 0) throw std::runtime_error("no schema: " + applied.err);
  Connect("postgres")
      .Run(
          "CREATE ROLE relay LOGIN IN ROLE outbox_relay; CREATE ROLE service LOGIN IN ROLE outbox_producer;"
          "CREATE ROLE operator LOGIN IN ROLE outbox_operator");
  if (log()) MakePartitionsSmall();
  for (const auto& [topic, count] : options_.partitions) CreateTopic(topic);
  WarmUp();
  relays_.reserve(kMostRelays);
}

// Brokers that have just begun may take longer for their first requests than a relay's deadline here; what
// it then repeats no fault would explain. So others talk to them first, until they answer at once.
void Field::WarmUp() const {
  constexpr int kQuickAnswers = 8;  // in a row
  constexpr test::milliseconds kQuick{300};
  const std::string topic = "warm-up";
  Admin().CreateTopic(topic, 6, {}, options_.brokers >= kReplicas ? kReplicas : 1);
  const auto began = std::chrono::steady_clock::now();
  for (int quick = 0; quick < kQuickAnswers;) {
    const auto asked = std::chrono::steady_clock::now();
    if (asked > began + std::chrono::minutes(1)) throw std::runtime_error("the brokers stay slow");
    test::Produce(kafka_->bootstrap(), topic, std::to_string(quick), std::string(20'000, 'x'));
    quick = std::chrono::steady_clock::now() - asked < kQuick ? quick + 1 : 0;
  }
}

// So that some are filled within a round, and dropped.
void Field::MakePartitionsSmall() const {
  Connect("postgres")
      .Run("INSERT INTO outbox_control (name, value) VALUES ('partition_rows', '" +
           std::to_string(kPartitionRows) +
           "'); DO $$ DECLARE part text; BEGIN FOR part IN SELECT inhrelid::regclass FROM pg_inherits"
           " WHERE inhparent = 'outbox'::regclass LOOP EXECUTE 'DROP TABLE ' || part; END LOOP; END $$;"
           "SELECT outbox_make_partitions()");
}

void Field::CreateTopic(const std::string& name) const {
  Admin().CreateTopic(name, options_.partitions.at(name), {}, options_.brokers >= kReplicas ? kReplicas : 1);
}

RelayPost& Field::AddPost() {
  if (relays_.size() == kMostRelays) throw std::runtime_error("no more relays");
  RelayPost& post = relays_.emplace_back();
  post.number = static_cast<int>(relays_.size());
  post.port = test::FreePort();
  post.config = options_.folder / ("relay-" + std::to_string(post.number) + ".toml");
  return post;
}

void Field::WriteConfig(const RelayPost& post, int batch_messages, int workers) const {
  const bool pooled = post.number % 2 == 0;
  const std::string database =
      pooled ? pooler_->conninfo("app", "relay")
             : "host=127.0.0.1 port=" + std::to_string(to_postgres_.port()) + " dbname=app user=relay";
  std::string brokers;
  for (const auto& link : to_kafka_)
    brokers += (brokers.empty() ? "\"127.0.0.1:" : ", \"127.0.0.1:") + std::to_string(link->port()) + "\"";
  // Short times, so that faults overlap with their consequences and still end within the round.
  test::WriteFile(post.config, "[postgres]\nconninfo = \"" + database +
                                   "\"\nstatement_timeout = \"5s\"\ntransaction_timeout = \"13s\"\n"
                                   "[outbox]\nname = \"campaign\"\ncompletion = \"" +
                                   options_.completion +
                                   "\"\n"
                                   "[delivery]\ndeadline = \"3s\"\nworkers = " +
                                   std::to_string(workers) +
                                   "\nbatch_messages = " + std::to_string(batch_messages) +
                                   "\nmax_attempts = 0\nbackoff = { initial = \"200ms\", max = \"2s\" }\n"
                                   "[retention]\nsent = \"" +
                                   (log() ? "1s" : "never") +
                                   "\"\n"
                                   "[kafka]\nbrokers = [" +
                                   brokers + "]\n" + Requests(options_.request_messages) +
                                   "[http]\nlisten = \"127.0.0.1:" + std::to_string(post.port) + "\"\n");
}

void Field::Launch(RelayPost& post, const std::string& binary,
                   const std::map<std::string, std::string>& env) {
  test::Process::Options options;
  options.env = env;
  options.out = options_.folder / ("relay-" + std::to_string(post.number) + ".log");
  post.process =
      std::make_unique<test::Process>(std::vector<std::string>{binary, "-c", post.config, "run"}, options);
}

void Field::Start(RelayPost& post, int batch_messages) {
  WriteConfig(post, batch_messages);
  Launch(post, options_.relay, {});
  post.expected = true;
}

void Field::StartMortal(RelayPost& post, const std::string& point, int nth) {
  WriteConfig(post, kBatchMessages, 1);
  Launch(post, options_.mortal, {{"OUTBOX_RELAY_KILL_AT", point + ":" + std::to_string(nth)}});
}

}  // namespace outbox::campaign
