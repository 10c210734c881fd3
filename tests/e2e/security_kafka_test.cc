// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "e2e/security_kafka_scene.h"
#include "e2e/security_secrets.h"
#include "support/catch.h"
#include "support/http_get.h"
#include "support/topic_reader.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;

Castle& OneCastle() {
  static Castle castle;
  return castle;
}

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A way in that is closed at first. Each has an outbox of its own, so that all are tried at once.
struct Closed {
  std::string name;  // of the schema, too
  std::string listener;
  Config config;
  Strings says;                  // in /readyz and in the log
  std::function<void()> mend{};  // without a restart; none: by another configuration
  Config better{};

  std::shared_ptr<RelayProcess> relay{};
};

void Insert(Castle& castle, const std::string& schema) {
  castle.stage().Superuser().Run("INSERT INTO " + schema +
                                 ".outbox (topic, key, payload) VALUES ('orders', '" + schema + "', 'x')");
}

std::string Unsent(Castle& castle, const std::string& schema) {
  return castle.stage().Superuser().Value("SELECT count(*) FROM " + schema +
                                          ".outbox WHERE status <> 'sent'");
}

void Begin(Castle& castle, Closed& way) {
  const Finished applied = Run({RelayBinary(), "schema", "apply", "--execute", "--schema", way.name,
                                "--conninfo", castle.stage().postgres().conninfo("app")});
  INFO(applied.err);
  REQUIRE(applied.exit == 0);
  Insert(castle, way.name);
  way.config["outbox.schema"] = Toml(way.name);
  way.relay = castle.stage().StartRelay(way.config);
}

void CheckRefused(Castle& castle, const Closed& way) {
  const bool open = WaitFor([&] { return Holds(way.relay->log(), "breaker open"); }, seconds(25));
  const HttpAnswer ready = HttpGet(way.relay->port(), "/readyz");
  INFO(way.name << ":\n" << ready.body << way.relay->log());
  CHECK(open);
  CHECK(ready.status == 503);
  const std::string log = way.relay->log();
  const std::string opened = log.substr(std::min(log.size(), log.find("breaker open")));
  for (const std::string& part : way.says) {
    CHECK(Holds(ready.body, part));
    CHECK(Holds(opened, part));
    CHECK(Holds(HttpGet(way.relay->port(), "/api/status").body, part));
  }
  CHECK(castle.stage().Superuser().Value("SELECT count(*) FROM " + way.name +
                                         ".outbox WHERE status = 'pending' AND attempts = 0") == "1");
  CHECK(HttpGet(way.relay->port(), "/livez").status == 200);
}

void CheckMended(Castle& castle, Closed& way) {
  const bool sent = WaitFor([&] { return Unsent(castle, way.name) == "0"; }, seconds(30));
  INFO(way.name << ":\n" << HttpGet(way.relay->port(), "/readyz").body << way.relay->log());
  CHECK(sent);
  CHECK(way.relay->process().running());
  CHECK(way.relay->Stop() == 0);
}

std::vector<Closed> ClosedWays(Castle& castle, const TempDir& folder) {
  WriteFile(folder / "authority.crt", ReadFile(castle.foreign().certificate()));
  WriteFile(folder / "password", "wrong-password");
  const Certificate ours = castle.authority().Issue({.name = "relay"});
  const Certificate theirs = castle.foreign().Issue({.name = "relay"});
  const auto copy = [folder = folder.path()](const Certificate& certificate) {
    WriteFile(folder / "client.crt", ReadFile(certificate.certificate));
    WriteFile(folder / "client.key", ReadFile(certificate.key));
  };
  copy(theirs);
  const auto& authority = castle.authority().certificate();
  const Config nothing = castle.Tls("MUTUAL", authority);
  Config certified = nothing;
  certified["kafka.properties.ssl.certificate.location"] = Toml(folder / "client.crt");
  certified["kafka.properties.ssl.key.location"] = Toml(folder / "client.key");
  const auto nobody = [] {};
  return {
      {"wrong_authority",
       "TLS",
       castle.Tls("TLS", folder / "authority.crt"),
       {"an authority that ssl.ca.location does not hold"},
       [to = folder / "authority.crt", authority] { WriteFile(to, ReadFile(authority)); }},
      {"expired", "EXPIRED", castle.Tls("EXPIRED", authority), {"its certificate has expired"}, nobody},
      {"other_name",
       "ELSEWHERE",
       castle.Tls("ELSEWHERE", authority),
       {"its certificate is for other names"},
       nobody},
      {"wrong_plain",
       "LOGIN",
       castle.Login("PLAIN", "{ file = \"" + (folder / "password").string() + "\" }"),
       {"Invalid username or password: see sasl.mechanism"},
       [to = folder / "password"] { WriteFile(to, std::string(kKafkaPassword) + "\n"); }},
      {"wrong_scram",
       "LOGIN",
       castle.Login("SCRAM-SHA-256", Toml(kKafkaPassword), "late"),
       {"invalid credentials with SASL mechanism SCRAM-SHA-256: see sasl.mechanism"},
       nobody},
      {"foreign_client", "MUTUAL", certified, {"ssl.certificate.location"}, [copy, ours] { copy(ours); }},
      {"no_client", "MUTUAL", nothing, {"the broker wants a certificate from us"}, nullptr, certified},
  };
}

}  // namespace

TEST_CASE("messages go to brokers that want TLS, a certificate, or a login") {
  Castle& castle = OneCastle();
  const auto& authority = castle.authority().certificate();
  const Certificate ours = castle.authority().Issue({.name = "relay"});
  Config mutual = castle.Tls("MUTUAL", authority);
  mutual["kafka.properties.ssl.certificate.location"] = Toml(ours.certificate);
  mutual["kafka.properties.ssl.key.location"] = Toml(ours.key);
  Config by_text = mutual;
  by_text.erase("kafka.properties.ssl.key.location");
  by_text["kafka.properties.ssl.key.pem"] = "{ file = \"" + ours.key.string() + "\" }";
  Config unsecured = castle.Login("OAUTHBEARER", Toml(""));
  unsecured["kafka.properties.enable.sasl.oauthbearer.unsecure.jwt"] = "true";
  unsecured["kafka.properties.sasl.oauthbearer.config"] = Toml("principal=relay");
  const std::string password = Toml(kKafkaPassword);
  std::map<std::string, Config> ways = {{"TLS", castle.Tls("TLS", authority)},
                                        {"mutual TLS", mutual},
                                        {"mutual TLS, the key as a secret", by_text},
                                        {"PLAIN", castle.Login("PLAIN", password)},
                                        {"SCRAM-SHA-256", castle.Login("SCRAM-SHA-256", password)},
                                        {"SCRAM-SHA-512", castle.Login("SCRAM-SHA-512", password)},
                                        {"OAUTHBEARER, unsecured", unsecured}};
  if (!castle.ScramWorks())
    std::erase_if(ways, [](const auto& way) { return way.first.starts_with("SCRAM"); });
  for (const auto& [name, config] : ways) {
    castle.stage().Service().Run("INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'open', '" +
                                 name + "')");
    const auto relay = castle.stage().StartRelay(config);
    const bool sent = castle.stage().AwaitDrained(seconds(20));
    INFO(name << ":\n" << relay->log());
    CHECK(sent);
    CHECK(relay->Stop() == 0);
  }
  TopicReader reader(castle.stage().kafka().bootstrap(), {"orders"});
  CHECK(reader.ReadUntil([&](const std::vector<Record>& records) {
    return static_cast<std::size_t>(std::ranges::count(records, "open", &Record::key)) == ways.size();
  }));
}

TEST_CASE(
    "a way that is closed is named, costs no attempt, is tried in moderation, and used once it is open") {
  Castle& castle = OneCastle();
  const TempDir folder;
  auto ways = ClosedWays(castle, folder);
  std::erase_if(ways, [&](const Closed& way) { return way.name == "wrong_scram" && !castle.ScramWorks(); });
  const auto began = std::chrono::steady_clock::now();
  std::map<std::string, int> before;
  std::map<std::string, int> relays;
  for (Closed& way : ways) {
    before.try_emplace(way.listener, castle.connections(way.listener));
    ++relays[way.listener];
    Begin(castle, way);
  }
  for (const Closed& way : ways) CheckRefused(castle, way);
  const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const auto& [listener, count] : relays) {
    const int tries = castle.connections(listener) - before.at(listener);
    WARN(listener << ": " << tries << " connections of " << count << " relays in " << waited << " s");
    CHECK(tries <= count * (6 + 3 * waited));
  }
  castle.Mend();
  for (Closed& way : ways) {
    if (way.mend) {
      way.mend();
      continue;
    }
    CHECK(way.relay->Stop() == 0);
    way.better["outbox.schema"] = Toml(way.name);
    way.relay = castle.stage().StartRelay(way.better);
  }
  for (Closed& way : ways) CheckMended(castle, way);
}

TEST_CASE("doctor names what keeps a client from its brokers") {
  Castle& castle = OneCastle();
  const auto& authority = castle.authority().certificate();
  const std::pair<Config, std::string> ways[] = {
      {castle.Tls("TLS", castle.foreign().certificate()), "an authority that ssl.ca.location does not hold"},
      {castle.Tls("MUTUAL", authority), "the broker wants a certificate from us"},
      {castle.Login("SCRAM-SHA-256", Toml("wrong")), "invalid credentials"}};
  for (const auto& [config, says] : ways) {
    const auto doctor = castle.stage().StartRelay(config, {"doctor"});
    CHECK(doctor->process().Wait(seconds(30)) == 1);
    INFO(doctor->log());
    CHECK(Holds(doctor->log(), says));
  }
}

TEST_CASE("Kafka's password is seen nowhere, right or wrong") {
  Castle& castle = OneCastle();
  const TempDir folder;
  WriteFile(folder / "secret", std::string(kKafkaPassword) + "\n");
  WriteFile(folder / "guess", "guessed-password-2\n");
  setenv("OUTBOX_TEST_SECRET", kKafkaPassword, 1);
  Config by_variable = castle.Login("PLAIN", "{ env = \"OUTBOX_TEST_SECRET\" }");
  by_variable["log.level"] = Toml("trace");
  const auto variable = castle.stage().StartRelay(by_variable);
  variable->AwaitReady();
  CHECK(WhereSeen(*variable, kKafkaPassword, true).empty());
  unsetenv("OUTBOX_TEST_SECRET");
  setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  const auto credential = castle.stage().StartRelay(castle.Login("PLAIN", "{ file = \"secret\" }"));
  credential->AwaitReady();
  CHECK(WhereSeen(*credential, kKafkaPassword).empty());
  const auto refused = castle.stage().StartRelay(castle.Login("PLAIN", "{ file = \"guess\" }"));
  CHECK(WaitFor([&] { return Holds(refused->log(), "Invalid username or password"); }));
  CHECK(WhereSeen(*refused, "guessed-password-2").empty());
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("a login that this client cannot make, or that is only half configured, is refused at the start") {
  Castle& castle = OneCastle();
  const auto fails = [&](Config config, const std::string& what) {
    for (const char* command : {"run", "check"}) {
      const Strings words = command == std::string("run") ? Strings{"run"} : Strings{"config", "check"};
      const auto relay = castle.stage().StartRelay(config, words);
      const auto exit = relay->process().Wait(seconds(20));
      INFO(command << ": " << relay->log());
      CHECK(exit == 78);
      CHECK(Holds(relay->log(), what));
    }
  };
  Config oauth = castle.Login("OAUTHBEARER", Toml(""));
  fails(oauth, "OAUTHBEARER\" gets its tokens by sasl.oauthbearer.method = \"oidc\"");
  Config half = castle.Login("PLAIN", Toml(""));
  half.erase("kafka.properties.sasl.mechanism");
  fails(half, "needs sasl.mechanism");
}

}  // namespace outbox::test
