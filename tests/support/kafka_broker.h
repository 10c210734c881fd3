// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {

// Apache Kafka itself, one KRaft node, serving when the constructor returns; some 5 s. It comes from
// the cache that scripts/fetch-kafka fills. Port and data stay the same over all starts.
// Used by one thread.
class KafkaBroker {
 public:
  // Besides the plain one, through which tests look and change things.
  struct Listener {
    std::string name;      // in capitals
    std::string protocol;  // SSL, SASL_SSL or SASL_PLAINTEXT
    int advertised_port = 0;
    std::map<std::string, std::string> properties{};  // of this listener
  };
  struct Options {
    std::string version{};                            // empty: $OUTBOX_TEST_KAFKA, else the oldest supported
    std::map<std::string, std::string> properties{};  // server.properties
    const KafkaBroker* joins = nullptr;               // become the second broker of that one's cluster
    int advertised_port = 0;                          // 0: its own
    std::vector<Listener> listeners{};
    std::vector<std::string> scram{};  // users: "SCRAM-SHA-256=[name=relay,password=...]"
    // As a node of a KafkaCluster, which starts it: its number, from 1, and the ports of all controllers.
    int node = 1;
    std::vector<int> controllers{};
    int heap_mb = 512;
  };

  KafkaBroker() : KafkaBroker(Options{}) {}
  explicit KafkaBroker(const Options& options);

  void Start();  // returns when it answers: Launch, AwaitServing
  void Launch();
  void AwaitServing();
  void Stop();   // SIGTERM, in good order
  void Crash();  // SIGKILL
  void Freeze() { process_->Kill(SIGSTOP); }
  void Thaw() { process_->Kill(SIGCONT); }

  const std::string& version() const { return version_; }
  int port() const { return port_; }
  // A password, as in Options::scram, is another one from now on.
  void SetScram(const std::string& user, const std::string& mechanism_and_password) const;
  int port(const std::string& listener) const { return ports_.at(listener); }
  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }
  Process& process() { return *process_; }  // started anew by each Start
  std::string log() const { return ReadFile(dir_ / "log"); }

 private:
  void WriteProperties(const Options& options) const;
  void AddListeners(const Options& options, std::map<std::string, std::string>& all) const;
  std::vector<std::string> Java(const std::string& main) const;

  TempDir dir_;
  std::string version_;
  std::filesystem::path jars_;
  int port_;
  int controller_port_;
  std::map<std::string, int> ports_;  // of the other listeners
  int heap_mb_;
  std::unique_ptr<Process> process_;
};

}  // namespace outbox::test
