// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

#include "support/free_port.h"
#include "support/kafka_client.h"

namespace outbox::test {
namespace {

std::string Environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// The same folders as in scripts/prelude.sh.
std::filesystem::path Jars(const std::string& version) {
  const auto cache = Environment("XDG_CACHE_HOME", Environment("HOME", "/root") + "/.cache");
  const std::filesystem::path jars =
      Environment("OUTBOX_RELAY_CACHE", cache + "/outbox-relay") + "/kafka-" + version + "/lib";
  if (!std::filesystem::exists(jars)) {
    throw std::runtime_error(jars.string() + " is missing: scripts/fetch-kafka " + version);
  }
  return jars;
}

std::size_t Index(int node) { return static_cast<std::size_t>(node - 1); }

// As one node among several: brokers talk to each other past whatever stands between them and their clients,
// and under a name of their own, which an authorizer lets in before it has read its first rule.
void Associate(const KafkaBroker::Options& options, std::map<std::string, std::string>& all) {
  std::string voters;
  for (std::size_t n = 0; n < options.controllers.size(); ++n) {
    voters +=
        (n == 0 ? "" : ",") + std::to_string(n + 1) + "@127.0.0.1:" + std::to_string(options.controllers[n]);
  }
  const std::string internal = ",INTERNAL://127.0.0.1:" + std::to_string(FreePort());
  all["node.id"] = std::to_string(options.node);
  all["controller.quorum.voters"] = voters;
  all["listeners"] += internal;
  all["advertised.listeners"] += internal;
  all["inter.broker.listener.name"] = "INTERNAL";
  all["listener.security.protocol.map"] =
      "CONTROLLER:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT";
  all["super.users"] = "User:node";
  all["sasl.enabled.mechanisms"] = all["sasl.mechanism.controller.protocol"] =
      all["sasl.mechanism.inter.broker.protocol"] = "PLAIN";
  for (const char* listener : {"controller", "internal"}) {
    all[std::string("listener.name.") + listener + ".plain.sasl.jaas.config"] =
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"node\" "
        "password=\"node\" user_node=\"node\";";
  }
}

}  // namespace

KafkaBroker::KafkaBroker(const Options& options)
    : version_(options.version.empty() ? Environment("OUTBOX_TEST_KAFKA", "3.9.1") : options.version),
      jars_(Jars(version_)),
      port_(FreePort()),
      controller_port_(options.controllers.empty() ? FreePort()
                                                   : options.controllers.at(Index(options.node))),
      heap_mb_(options.heap_mb) {
  for (const Listener& listener : options.listeners) ports_[listener.name] = FreePort();
  WriteProperties(options);
  auto format = Java("kafka.tools.StorageTool");
  for (const char* word : {"format", "-t", "b3V0Ym94LXJlbGF5LXRlcw", "-c"}) format.emplace_back(word);
  format.push_back(dir_ / "server.properties");
  for (const std::string& user : options.scram) {
    format.emplace_back("--add-scram");
    format.push_back(user);
  }
  const auto formatted = Run(format);
  if (formatted.exit != 0) throw std::runtime_error("no storage for Kafka: " + formatted.out + formatted.err);
  if (options.controllers.empty()) Start();
}

void KafkaBroker::WriteProperties(const Options& options) const {
  const std::string broker = "PLAINTEXT://127.0.0.1:" + std::to_string(port_);
  const std::string controller = "127.0.0.1:" + std::to_string(controller_port_);
  std::map<std::string, std::string> all{
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", "1@" + controller},
      {"listeners", broker + ",CONTROLLER://" + controller},
      {"advertised.listeners",
       "PLAINTEXT://127.0.0.1:" +
           std::to_string(options.advertised_port > 0 ? options.advertised_port : port_)},
      {"controller.listener.names", "CONTROLLER"},
      {"inter.broker.listener.name", "PLAINTEXT"},
      {"listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"},
      {"log.dirs", dir_ / "data"},
      {"auto.create.topics.enable", "false"},
      {"offsets.topic.replication.factor", "1"},
      {"offsets.topic.num.partitions", "1"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.num.partitions", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"group.initial.rebalance.delay.ms", "0"},
      // After a crash the controller lets the new broker in only when the old one's session has ended.
      {"broker.session.timeout.ms", "3000"},
      {"broker.heartbeat.interval.ms", "500"},
      {"log.cleaner.enable", "false"}};
  if (options.joins != nullptr) {
    all["process.roles"] = "broker";
    all["node.id"] = "2";
    all["controller.quorum.voters"] = "1@127.0.0.1:" + std::to_string(options.joins->controller_port_);
    all["listeners"] = broker;
  }
  if (!options.controllers.empty()) Associate(options, all);
  AddListeners(options, all);
  for (const auto& [name, value] : options.properties) all[name] = value;
  std::string text;
  for (const auto& [name, value] : all) text += name + "=" + value + "\n";
  WriteFile(dir_ / "server.properties", text);
}

void KafkaBroker::AddListeners(const Options& options, std::map<std::string, std::string>& all) const {
  for (const Listener& listener : options.listeners) {
    const int port = ports_.at(listener.name);
    const int advertised = listener.advertised_port > 0 ? listener.advertised_port : port;
    const std::string address = "," + listener.name + "://127.0.0.1:";
    all["listeners"] += address + std::to_string(port);
    all["advertised.listeners"] += address + std::to_string(advertised);
    all["listener.security.protocol.map"] += "," + listener.name + ":" + listener.protocol;
    std::string prefix = "listener.name." + listener.name + ".";
    std::ranges::transform(prefix, prefix.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const auto& [name, value] : listener.properties) all[prefix + name] = value;
  }
}

std::vector<std::string> KafkaBroker::Java(const std::string& main) const {
  // Flags for a short life: the serial collector and the quick compiler start soonest.
  return {"java",
          "-Xmx" + std::to_string(heap_mb_) + "m",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xshare:auto",
          "-Djava.io.tmpdir=" + dir_.path().string(),  // what a killed JVM leaves there goes with the folder
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
          "-cp",
          jars_.string() + "/*",
          main};
}

void KafkaBroker::SetScram(const std::string& user, const std::string& mechanism_and_password) const {
  auto change = Java("kafka.admin.ConfigCommand");
  for (const std::string& word :
       {std::string("--bootstrap-server"), bootstrap(), std::string("--alter"), std::string("--entity-type"),
        std::string("users"), std::string("--entity-name"), user, std::string("--add-config"),
        mechanism_and_password}) {
    change.push_back(word);
  }
  const Finished changed = Run(change);
  if (changed.exit != 0) throw std::runtime_error("no other password: " + changed.out + changed.err);
}

void KafkaBroker::Start() {
  Launch();
  AwaitServing();
}

void KafkaBroker::Launch() {
  auto command = Java("kafka.Kafka");
  command.push_back(dir_ / "server.properties");
  Process::Options options;
  options.out = dir_ / "log";
  options.directory = dir_.path();
  process_ = std::make_unique<Process>(command, options);
}

void KafkaBroker::AwaitServing() {
  const auto client = MakeKafkaClient(RD_KAFKA_PRODUCER, bootstrap());
  const bool serves = WaitFor(
      [&] { return !process_->running() || PartitionsWithLeader(client.get(), "") == 0; }, seconds(90));
  if (!serves || !process_->running()) throw std::runtime_error("Kafka did not start: " + log());
}

void KafkaBroker::Stop() {
  process_->Kill(SIGCONT);
  process_->Kill(SIGTERM);
  if (!process_->Wait(seconds(60))) throw std::runtime_error("Kafka did not stop: " + log());
}

void KafkaBroker::Crash() {
  process_->Kill(SIGKILL);
  process_->Wait(seconds(10));
}

}  // namespace outbox::test
