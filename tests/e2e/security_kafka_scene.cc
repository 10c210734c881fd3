// SPDX-License-Identifier: Apache-2.0
#include "e2e/security_kafka_scene.h"

namespace outbox::test {
namespace {

std::string Module(const std::string& name, const std::string& options = "") {
  return "org.apache.kafka.common.security." + name + " required" + options + ";";
}

}  // namespace

std::string Toml(const std::string& text) { return "\"" + text + "\""; }

Castle::Castle() {
  for (const char* listener : {"TLS", "MUTUAL", "LOGIN", "EXPIRED", "ELSEWHERE"}) {
    links_[listener] = std::make_unique<FaultProxy>();
    WriteFile(Keys(listener), ReadFile(authority_.Issue({}).both));
  }
  WriteFile(Keys("EXPIRED"), ReadFile(authority_.Issue({.expired = true}).both));
  WriteFile(Keys("ELSEWHERE"), ReadFile(authority_.Issue({.hosts = "DNS:elsewhere"}).both));
  Stage::Options options;
  options.kafka = Broker();
  stage_ = std::make_unique<Stage>(options);
  for (const auto& [listener, link] : links_) link->Forward(stage_->kafka().port(listener));
  stage_->Admin().CreateTopic("orders");
  stage_->Admin().GrantWrite("orders", "User:relay");
}

KafkaBroker::Options Castle::Broker() {
  KafkaBroker::Options options;
  options.properties = {{"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                        {"super.users", "User:ANONYMOUS;User:CN=relay;User:late"}};
  for (const auto& [name, link] : links_) {
    options.listeners.push_back({name,
                                 name == "LOGIN" ? "SASL_SSL" : "SSL",
                                 link->port(),
                                 {{"ssl.keystore.type", "PEM"},
                                  {"ssl.keystore.location", Keys(name)},
                                  {"ssl.allow.san.changes", "true"}}});
    auto& properties = options.listeners.back().properties;
    if (name == "MUTUAL") {
      properties["ssl.client.auth"] = "required";
      properties["ssl.truststore.type"] = "PEM";
      properties["ssl.truststore.location"] = authority_.certificate();
    }
    if (name == "LOGIN") {
      properties["sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER";
      properties["plain.sasl.jaas.config"] =
          Module("plain.PlainLoginModule", std::string(" user_relay=\"") + kKafkaPassword + "\"");
      properties["oauthbearer.sasl.jaas.config"] =
          Module("oauthbearer.OAuthBearerLoginModule", " unsecuredLoginStringClaim_sub=\"broker\"");
      for (const char* mechanism : {"scram-sha-256", "scram-sha-512"})
        properties[std::string(mechanism) + ".sasl.jaas.config"] = Module("scram.ScramLoginModule");
    }
  }
  options.scram.emplace_back("SCRAM-SHA-256=[name=late,password=of-yesterday]");
  for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"})
    options.scram.push_back(std::string(mechanism) + "=[name=relay,password=" + kKafkaPassword + "]");
  return options;
}

bool Castle::ScramWorks() const {
  return rd_kafka_version() >= 0x02060100 || stage_->kafka().version().starts_with("3.");
}

Config Castle::Tls(const std::string& listener, const std::filesystem::path& authority) const {
  return {{"kafka.brokers", "[\"127.0.0.1:" + std::to_string(links_.at(listener)->port()) + "\"]"},
          {"kafka.properties.security.protocol", Toml("ssl")},
          {"kafka.properties.ssl.ca.location", Toml(authority)}};
}

Config Castle::Login(const std::string& mechanism, const std::string& toml_password,
                     const std::string& user) const {
  Config config = Tls("LOGIN", authority_.certificate());
  config["kafka.properties.security.protocol"] = Toml("sasl_ssl");
  config["kafka.properties.sasl.mechanism"] = Toml(mechanism);
  config["kafka.properties.sasl.username"] = Toml(user);
  config["kafka.properties.sasl.password"] = toml_password;
  return config;
}

void Castle::Mend() {
  std::map<std::string, std::string> changes;
  for (const auto& [listener, prefix] :
       {std::pair{"EXPIRED", "listener.name.expired."}, {"ELSEWHERE", "listener.name.elsewhere."}}) {
    WriteFile(Keys(listener), ReadFile(authority_.Issue({}).both));
    changes[std::string(prefix) + "ssl.keystore.location"] = Keys(listener);
  }
  stage_->Admin().AlterBroker(changes);
  stage_->kafka().SetScram("late", std::string("SCRAM-SHA-256=[password=") + kKafkaPassword + "]");
}

}  // namespace outbox::test
