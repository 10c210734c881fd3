// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "e2e/stage.h"
#include "support/authority.h"
#include "support/fault_proxy.h"

namespace outbox::test {

inline constexpr const char* kKafkaPassword = "correct-horse-4711";

// A broker with a listener for each way in, each behind a link that counts who comes. EXPIRED and ELSEWHERE
// have certificates that are of no use until Mend, and so is the password of the user "late".
// The user "relay" may write to the topic "orders", and nothing else.
class Castle {
 public:
  Castle();

  Stage& stage() { return *stage_; }
  Authority& authority() { return authority_; }
  Authority& foreign() { return foreign_; }
  int connections(const std::string& listener) const { return links_.at(listener)->connections(); }

  // Kafka 4 takes the SCRAM of librdkafka before 2.6.1 for wrong credentials.
  bool ScramWorks() const;

  // What a relay needs for a listener; the authority's certificate in that file.
  Config Tls(const std::string& listener, const std::filesystem::path& authority) const;
  Config Login(const std::string& mechanism, const std::string& toml_password,
               const std::string& user = "relay") const;  // at LOGIN

  // Without a restart: both certificates are as they should be, and the user "late" has that password.
  void Mend();

 private:
  KafkaBroker::Options Broker();
  std::filesystem::path Keys(const std::string& listener) const { return folder_ / (listener + ".pem"); }

  Authority authority_{"outbox"};
  Authority foreign_{"foreign"};
  TempDir folder_;
  std::map<std::string, std::unique_ptr<FaultProxy>> links_;
  std::unique_ptr<Stage> stage_;
};

std::string Toml(const std::string& text);  // quoted

}  // namespace outbox::test
