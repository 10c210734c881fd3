// SPDX-License-Identifier: Apache-2.0
#include "campaign/field.h"

#include <stdexcept>

#include "support/free_port.h"
#include "support/temp_dir.h"

namespace outbox::campaign {
namespace {

constexpr std::size_t kMostRelays = 8;  // references to posts stay valid up to that

test::KafkaBroker::Options Broker(const test::FaultProxy& link) {
  test::KafkaBroker::Options options;
  options.properties = {{"advertised.listeners", "PLAINTEXT://127.0.0.1:" + std::to_string(link.port())},
                        {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                        {"allow.everyone.if.no.acl.found", "true"}};
  return options;
}

int PortOf(const test::KafkaBroker& kafka) {
  const std::string bootstrap = kafka.bootstrap();
  return std::stoi(bootstrap.substr(bootstrap.rfind(':') + 1));
}

std::string Requests(int most) {
  if (most == 0) return "";
  return "[kafka.properties]\n\"batch.num.messages\" = " + std::to_string(most) + "\n";
}

}  // namespace

Field::Field(Options options) : options_(std::move(options)) {
  // Sixty connections are few enough to be used up, and enough for everybody otherwise.
  postgres_ = std::make_unique<test::PostgresServer>(
      test::PostgresServer::Options{.settings = {{"max_connections", "60"}}});
  to_postgres_.Forward(postgres_->port());
  kafka_ = std::make_unique<test::KafkaBroker>(Broker(to_kafka_));
  to_kafka_.Forward(PortOf(*kafka_));
  postgres_->CreateDatabase("app");
  const test::Finished applied =
      test::Run({options_.relay, "schema", "apply", "--execute", "--conninfo", conninfo("postgres")});
  if (applied.exit != 0) throw std::runtime_error("no schema: " + applied.err);
  Connect("postgres")
      .Run(
          "CREATE ROLE relay LOGIN IN ROLE outbox_relay; CREATE ROLE service LOGIN IN ROLE outbox_producer;"
          "CREATE ROLE operator LOGIN IN ROLE outbox_operator");
  for (const auto& [topic, count] : options_.partitions) Admin().CreateTopic(topic, count);
  relays_.reserve(kMostRelays);
}

RelayPost& Field::AddPost() {
  if (relays_.size() == kMostRelays) throw std::runtime_error("no more relays");
  RelayPost& post = relays_.emplace_back();
  post.number = static_cast<int>(relays_.size());
  post.port = test::FreePort();
  post.config = options_.folder / ("relay-" + std::to_string(post.number) + ".toml");
  return post;
}

void Field::WriteConfig(const RelayPost& post, int batch_messages) const {
  // Short times, so that faults overlap with their consequences and still end within the round.
  test::WriteFile(post.config,
                  "[postgres]\nconninfo = \"host=127.0.0.1 port=" + std::to_string(to_postgres_.port()) +
                      " dbname=app user=relay\"\nstatement_timeout = \"5s\"\ntransaction_timeout = \"13s\"\n"
                      "[outbox]\nname = \"campaign\"\ncompletion = \"" +
                      (options_.deletes ? "delete" : "mark") +
                      "\"\n"
                      "[delivery]\ndeadline = \"3s\"\nworkers = " +
                      std::to_string(kWorkers) + "\nbatch_messages = " + std::to_string(batch_messages) +
                      "\nmax_attempts = 0\nbackoff = { initial = \"200ms\", max = \"2s\" }\n"
                      "[retention]\nsent = \"never\"\n"
                      "[kafka]\nbrokers = [\"127.0.0.1:" +
                      std::to_string(to_kafka_.port()) + "\"]\n" + Requests(options_.request_messages) +
                      "[http]\nlisten = \"127.0.0.1:" + std::to_string(post.port) + "\"\n");
}

void Field::Start(RelayPost& post, int batch_messages) {
  WriteConfig(post, batch_messages);
  test::Process::Options options;
  options.out = options_.folder / ("relay-" + std::to_string(post.number) + ".log");
  post.process = std::make_unique<test::Process>(
      std::vector<std::string>{options_.relay, "-c", post.config, "run"}, options);
  post.expected = true;
}

}  // namespace outbox::campaign
