// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <chrono>
#include <functional>

#include "e2e/security_secrets.h"
#include "e2e/stage.h"
#include "support/authority.h"
#include "support/catch.h"
#include "support/fault_proxy.h"
#include "support/http_get.h"
#include "support/pgbouncer.h"

namespace outbox::test {
namespace {

constexpr const char* kPassword = "staple-battery-0815";

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A server that lets relays in by TLS only: "relay" with a password, "courier" with a certificate.
struct Vault {
  Authority authority{"outbox"};
  Authority foreign{"foreign"};
  TempDir folder;
  FaultProxy link;  // counts who comes
  Stage stage{Options()};

  Vault() {
    link.Forward(stage.postgres().port());
    stage.Admin().CreateTopic("orders");
    stage.Superuser().Run(std::string("ALTER ROLE relay PASSWORD '") + kPassword +
                          "'; CREATE ROLE courier LOGIN IN ROLE outbox_relay;"
                          "CREATE ROLE late LOGIN IN ROLE outbox_relay PASSWORD 'of-yesterday'");
  }
  Stage::Options Options() {
    Stage::Options options;
    options.postgres.certificate = authority.Issue({});
    options.postgres.settings = {{"ssl_ca_file", authority.certificate()},
                                 {"password_encryption", "scram-sha-256"}};  // 13 would take md5
    options.postgres.hba =
        "hostssl all relay,late 127.0.0.1/32 scram-sha-256\n"
        "hostssl all courier 127.0.0.1/32 cert\n"
        "host all relay,late,courier all reject\n"
        "host all all 127.0.0.1/32 trust\n";
    return options;
  }
  // Each word replaces the default of its keyword, or is added.
  std::string Conninfo(const std::map<std::string, std::string>& words) const {
    std::map<std::string, std::string> all{{"host", "localhost"},
                                           {"hostaddr", "127.0.0.1"},
                                           {"port", std::to_string(link.port())},
                                           {"dbname", "app"},
                                           {"user", "relay"},
                                           {"sslmode", "verify-full"},
                                           {"sslrootcert", authority.certificate()}};
    for (const auto& [keyword, value] : words) all[keyword] = value;
    std::string text = "\"";
    for (const auto& [keyword, value] : all) text += keyword + "=" + value + " ";
    return text + "\"";
  }
  std::unique_ptr<RelayProcess> Start(const std::map<std::string, std::string>& words,
                                      const std::string& password, const std::string& schema) const {
    Config config{{"postgres.conninfo", Conninfo(words)}, {"outbox.schema", "\"" + schema + "\""}};
    if (!password.empty()) config["postgres.password"] = password;
    return stage.StartRelay(config);
  }
  void Prepare(const std::string& schema) const {
    const Finished applied = Run({RelayBinary(), "schema", "apply", "--execute", "--schema", schema,
                                  "--conninfo", stage.postgres().conninfo("app")});
    INFO(applied.err);
    REQUIRE(applied.exit == 0);
    Insert(schema);
  }
  void Insert(const std::string& schema) const {
    stage.Superuser().Run("INSERT INTO " + schema +
                          ".outbox (topic, key, payload) VALUES ('orders', 'k', 'x')");
  }
  bool AwaitSent(const std::string& schema) const {
    Sql sql = stage.Superuser();
    return WaitFor(
        [&] { return sql.Value("SELECT count(*) FROM " + schema + ".outbox WHERE status <> 'sent'") == "0"; },
        seconds(20));
  }
};

Vault& OneVault() {
  static Vault vault;
  return vault;
}

std::string Literal(const std::string& text) { return "\"" + text + "\""; }
std::string FileOf(const std::filesystem::path& file) { return "{ file = \"" + file.string() + "\" }"; }

struct Barred {
  std::string schema;
  std::map<std::string, std::string> words;
  std::string password;
  std::string says;
  std::shared_ptr<RelayProcess> relay{};
};

void CheckBarred(const Barred& way) {
  const bool told = WaitFor([&] { return Holds(HttpGet(way.relay->port(), "/readyz").body, way.says); });
  const HttpAnswer ready = HttpGet(way.relay->port(), "/readyz");
  INFO(way.schema << ":\n" << ready.body << way.relay->log());
  CHECK(told);
  CHECK(ready.status == 503);
  CHECK(Holds(way.relay->log(), way.says));
  // Whichever part of the relay was told first has it from there.
  CHECK(
      WaitFor([&] { return Holds(HttpGet(way.relay->port(), "/api/status").body, way.says.substr(0, 20)); }));
  CHECK(HttpGet(way.relay->port(), "/livez").status == 200);
}

}  // namespace

TEST_CASE("verify-full to PostgreSQL, with a password or a certificate") {
  Vault& vault = OneVault();
  const Certificate courier = vault.authority.Issue({.name = "courier"});
  const std::map<std::string, std::string> certified{
      {"user", "courier"}, {"sslcert", courier.certificate}, {"sslkey", courier.key}};
  const std::pair<std::map<std::string, std::string>, std::string> ways[] = {
      {{}, Literal(kPassword)}, {{{"host", "127.0.0.1"}}, Literal(kPassword)}, {certified, ""}};
  for (const auto& [words, password] : ways) {
    vault.Insert("public");
    const auto relay = vault.Start(words, password, "public");
    const bool sent = vault.AwaitSent("public");
    INFO(relay->log());
    CHECK(sent);
    CHECK(vault.stage.Superuser().Value(
              "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
              "WHERE usename IN ('relay', 'courier')") == "t");
    CHECK(relay->Stop() == 0);
  }
}

TEST_CASE("a server that cannot be entered is named, tried in moderation, and used once it can be") {
  Vault& vault = OneVault();
  WriteFile(vault.folder / "root.crt", ReadFile(vault.foreign.certificate()));
  WriteFile(vault.folder / "password", "wrong-password");
  std::vector<Barred> ways = {
      {"wrong_authority",
       {{"sslrootcert", vault.folder / "root.crt"}},
       Literal(kPassword),
       "does sslrootcert lack its authority"},
      {"other_name", {{"host", "elsewhere"}}, Literal(kPassword), "does not match host name \"elsewhere\""},
      {"wrong_password", {}, FileOf(vault.folder / "password"), "see postgres.password and the role"},
      {"late_password", {{"user", "late"}}, Literal(kPassword), "see postgres.password and the role"},
      {"no_certificate", {{"user", "courier"}}, "", "set sslcert and sslkey"},
      {"no_tls", {{"sslmode", "disable"}}, Literal(kPassword), "see the server's pg_hba.conf"}};
  for (const Barred& way : ways) vault.Prepare(way.schema);
  const auto began = std::chrono::steady_clock::now();
  const int before = vault.link.connections();
  for (Barred& way : ways) way.relay = vault.Start(way.words, way.password, way.schema);
  for (const Barred& way : ways) CheckBarred(way);
  WaitFor([&] { return std::chrono::steady_clock::now() - began > seconds(6); });
  const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto relays = static_cast<double>(ways.size());
  const int tries = vault.link.connections() - before;
  WARN(tries << " connections of " << relays << " relays in " << waited << " s");
  CHECK(tries <= relays * (30 + 8 * waited));

  WriteFile(vault.folder / "root.crt", ReadFile(vault.authority.certificate()));
  WriteFile(vault.folder / "password", std::string(kPassword) + "\n");
  vault.stage.Superuser().Run(std::string("ALTER ROLE late PASSWORD '") + kPassword + "'");
  vault.stage.postgres().SetCertificate(
      vault.authority.Issue({.hosts = "DNS:localhost,DNS:elsewhere,IP:127.0.0.1"}));
  vault.stage.postgres().SetHba("host all all 127.0.0.1/32 trust\n");
  for (const Barred& way : ways) {
    const bool sent = vault.AwaitSent(way.schema);
    INFO(way.schema << ": " << way.relay->log());
    CHECK(sent);
    CHECK(way.relay->Stop() == 0);
  }
  vault.stage.postgres().SetHba(vault.Options().postgres.hba);
}

TEST_CASE("a server whose certificate has expired is named, and used once it has another") {
  Vault& vault = OneVault();
  vault.Prepare("expired");
  vault.stage.postgres().SetCertificate(vault.authority.Issue({.expired = true}));
  Barred way{"expired", {}, Literal(kPassword), "has the server's certificate expired"};
  way.relay = vault.Start(way.words, way.password, way.schema);
  CheckBarred(way);
  vault.stage.postgres().SetCertificate(vault.authority.Issue({}));
  CHECK(vault.AwaitSent("expired"));
  CHECK(way.relay->Stop() == 0);
}

// As docs/security.md says it: TLS and the password on both sides of the pooler.
std::map<std::string, std::string> PoolerSettings(Vault& vault) {
  const Certificate own = vault.authority.Issue({});
  GiveTo(UnprivilegedUser({"postgres"}), own.key);
  WriteFile(vault.folder / "userlist.txt", std::string("\"relay\" \"") + kPassword + "\"\n");
  return {{"auth_type", "scram-sha-256"},
          {"auth_file", vault.folder / "userlist.txt"},
          {"client_tls_sslmode", "require"},
          {"client_tls_cert_file", own.certificate},
          {"client_tls_key_file", own.key},
          {"server_tls_sslmode", "verify-full"},
          {"server_tls_ca_file", vault.authority.certificate()}};
}

TEST_CASE("verify-full to PgBouncer, and from there to PostgreSQL; what it refuses is named") {
  Vault& vault = OneVault();
  const PgBouncer pooler(vault.stage.postgres(), PoolerSettings(vault));
  const PgBouncer open(vault.stage.postgres());
  const std::string port = std::to_string(pooler.port());
  std::vector<Barred> ways = {
      {"wrong authority",
       {{"port", port}, {"sslrootcert", vault.foreign.certificate()}},
       Literal(kPassword),
       "does sslrootcert lack its authority"},
      {"other name", {{"port", port}, {"host", "elsewhere"}}, Literal(kPassword), "does not match host name"},
      {"wrong password", {{"port", port}}, Literal("guessed"), "see postgres.password and the role"},
      {"no TLS", {{"port", port}, {"sslmode", "disable"}}, Literal(kPassword), "see sslmode in postgres"},
      {"pooler without TLS",
       {{"port", std::to_string(open.port())}},
       Literal(kPassword),
       "client_tls_sslmode at a pooler"}};
  for (Barred& way : ways) way.relay = vault.Start(way.words, way.password, "public");
  for (const Barred& way : ways) CheckBarred(way);

  vault.Insert("public");
  const auto relay = vault.Start({{"port", port}}, Literal(kPassword), "public");
  const bool sent = vault.AwaitSent("public");
  INFO(relay->log() << pooler.log());
  CHECK(sent);
  CHECK(
      vault.stage.Superuser().Value("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                    "WHERE usename = 'relay'") == "t");
  CHECK(relay->Stop() == 0);
}

TEST_CASE("PostgreSQL's password is seen nowhere, right or wrong") {
  Vault& vault = OneVault();
  WriteFile(vault.folder / "secret", std::string(kPassword) + "\n");
  WriteFile(vault.folder / "guess", "guessed-password-1\n");
  setenv("OUTBOX_TEST_SECRET", kPassword, 1);
  setenv("CREDENTIALS_DIRECTORY", vault.folder.path().c_str(), 1);
  const std::pair<std::string, bool> forms[] = {{FileOf(vault.folder / "secret"), false},
                                                {"{ env = \"OUTBOX_TEST_SECRET\" }", true},
                                                {"{ file = \"secret\" }", false}};
  for (const auto& [form, in_environment] : forms) {
    vault.Insert("public");
    if (!in_environment) unsetenv("OUTBOX_TEST_SECRET");
    const auto relay = vault.Start({}, form, "public");
    CHECK(vault.AwaitSent("public"));
    INFO(form);
    CHECK(WhereSeen(*relay, kPassword, in_environment).empty());
    CHECK_FALSE(WhereSeen(*relay, "orders").empty());  // it does look
    setenv("OUTBOX_TEST_SECRET", kPassword, 1);
  }
  unsetenv("OUTBOX_TEST_SECRET");
  const auto barred = vault.Start({}, "{ file = \"guess\" }", "public");
  CHECK(WaitFor([&] { return Holds(barred->log(), "password authentication failed"); }));
  CHECK(WhereSeen(*barred, "guessed-password-1").empty());
  const auto inline_password = vault.Start({{"password", kPassword}}, "", "public");
  inline_password->AwaitReady();
  CHECK(WhereSeen(*inline_password, kPassword).empty());
  unsetenv("CREDENTIALS_DIRECTORY");
}

}  // namespace outbox::test
