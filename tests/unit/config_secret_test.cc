// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"
#include "config/redact.h"
#include "support/catch.h"
#include "unit/config_fixture.h"

namespace outbox {
namespace {

constexpr const char* kBrokers = "kafka.brokers = [\"a:9092\"]\n";

TEST_CASE("a secret's file is looked for beside the configuration and read anew at each call") {
  const ConfigFixture fixture;
  fixture.Write("pg", "first\n");
  const Config config = fixture.LoadText(std::string(kBrokers) + "postgres.password = { file = \"pg\" }\n");
  CHECK(config.settings.postgres.password() == "first");
  fixture.Write("pg", "second\r\n");
  CHECK(config.settings.postgres.password() == "second");
  CHECK(Find(config, "postgres.password").value == "{ file = \"pg\" }");
}

TEST_CASE("systemd's credentials folder goes first") {
  ConfigFixture fixture;
  fixture.Write("credentials/pg", "from systemd");
  fixture.Write("pg", "beside");
  fixture.request.environment["CREDENTIALS_DIRECTORY"] = fixture.folder() + "/credentials";
  const Config config = fixture.LoadText(std::string(kBrokers) + "postgres.password = { file = \"pg\" }\n");
  CHECK(config.settings.postgres.password() == "from systemd");
}

TEST_CASE("a secret may stand in the file or in the environment") {
  ConfigFixture fixture;
  fixture.request.environment["SASL"] = "s3";
  const Config config = fixture.LoadText(std::string(kBrokers) +
                                         "postgres.password = \"literal\"\n"
                                         "kafka.properties.sasl.password = { env = \"SASL\" }\n");
  CHECK(config.settings.postgres.password() == "literal");
  CHECK(Find(config, "postgres.password").value == "\"***\"");
  REQUIRE(config.settings.kafka.properties.size() == 1);
  CHECK(config.settings.kafka.properties[0].name == "sasl.password");
  CHECK(config.settings.kafka.properties[0].secret() == "s3");
  CHECK(Find(config, "kafka.properties.sasl.password").value == "{ env = \"SASL\" }");
}

TEST_CASE("a secret on the command line is refused, and not quoted") {
  ConfigFixture fixture;
  fixture.Write("orders.toml", kBrokers);
  for (const char* flag :
       {"postgres.password=s3cret", "kafka.properties.sasl.password=s3cret",
        "kafka.properties.ssl.key.pem=s3cret", "postgres.conninfo=host=db password=s3cret user=relay",
        "postgres.listen_conninfo=postgresql://relay:s3cret@db/orders"}) {
    fixture.request.set = {flag};
    const std::string errors = fixture.Errors();
    INFO(errors);
    CHECK(errors.starts_with("--set " + std::string(flag).substr(0, std::string(flag).find('='))));
    CHECK(errors.find("s3cret") == std::string::npos);
  }
  fixture.request.set = {"kafka.properties.ssl.key.location=/etc/relay.key",
                         "postgres.conninfo=host=db user=relay sslmode=verify-full"};
  CHECK(fixture.Errors().empty());
}

TEST_CASE("secrets that cannot be read are all named with their lines") {
  const ConfigFixture fixture;
  fixture.Write("empty", "\n");
  const Config config = fixture.LoadText(std::string(kBrokers) +
                                         "postgres.password = { file = \"none\" }\n"
                                         "kafka.properties.sasl.password = { env = \"NONE\" }\n"
                                         "kafka.properties.ssl.key.password = { file = \"empty\" }\n");
  const std::string folder = fixture.folder();
  std::string errors;
  try {
    CheckSecrets(config.settings);
  } catch (const ConfigError& error) {
    errors = error.what();
  }
  CHECK(errors == "orders.toml:2: cannot read " + folder + "/none: No such file or directory\n" +
                      "orders.toml:3: the environment variable NONE is not set\n" +
                      "orders.toml:4: the secret's file " + folder + "/empty is empty");
}

TEST_CASE("a rotated secret is no change, a literal one that differs is") {
  const ConfigFixture fixture;
  fixture.Write("pg", "first");
  const std::string by_file = std::string(kBrokers) + "postgres.password = { file = \"pg\" }\n";
  const Settings before = fixture.LoadText(by_file).settings;
  fixture.Write("pg", "second");
  CHECK(FixedChanges(before, fixture.LoadText(by_file).settings).empty());
  const Settings literal =
      fixture.LoadText(std::string(kBrokers) + "postgres.password = \"third\"\n").settings;
  CHECK(FixedChanges(before, literal) == std::vector<std::string>{"postgres.password"});
}

TEST_CASE("no effective value shows a secret") {
  const ConfigFixture fixture;
  const Config config =
      fixture.LoadText(std::string(kBrokers) +
                       "[postgres]\nconninfo = \"host=h password=hunter2\"\n"
                       "listen_conninfo = \"postgresql://u:hunter2@h/d\"\npassword = \"hunter2\"\n"
                       "[kafka.properties]\nsasl.password = \"hunter2\"\n"
                       "sasl.oauthbearer.client.secret = \"hunter2\"\nssl.key.pem = \"hunter2\"\n");
  for (const EffectiveValue& value : config.values) CHECK(value.value.find("hunter2") == std::string::npos);
}

TEST_CASE("an error does not quote a secret") {
  const ConfigFixture fixture;
  CHECK(fixture.ErrorsOf("postgres.password = 987654\n").find("987654") == std::string::npos);
  CHECK(fixture.ErrorsOf("postgres.password = 98765432109876543210\n") ==
        "orders.toml:1: this is not valid TOML: Error while parsing decimal integer: '***' is not "
        "representable in 64 bits");
  CHECK(fixture.ErrorsOf("postgres.password = 98765e4321\n").find("98765") == std::string::npos);
}

TEST_CASE("connection strings lose their passwords and nothing else") {
  struct Case {
    std::string conninfo, redacted;
  };
  const Case cases[] = {
      {"", ""},
      {"host=h dbname=d", "host=h dbname=d"},
      {"host=h password=p dbname=d", "host=h password=*** dbname=d"},
      {"password = 'a b\\'c' host=h", "password = *** host=h"},
      {"password=a\\ b host=h", "password=*** host=h"},
      {"host=h PASSWORD=p", "host=h PASSWORD=***"},
      {"sslpassword=p host=h", "sslpassword=*** host=h"},
      {"password='never closed host=h", "password=***"},
      {"password=", "password=***"},
      {"postgres://h/d", "postgres://h/d"},
      {"postgres://h:5432/d", "postgres://h:5432/d"},
      {"postgres://u@h:5432/d", "postgres://u@h:5432/d"},
      {"postgresql://u:p@h:5432/d", "postgresql://u:***@h:5432/d"},
      {"postgresql://u:p%40q@h", "postgresql://u:***@h"},
      {"postgresql://u:p@q@h/d", "postgresql://u:***@h/d"},
      {"postgresql://u:p?q@h/d", "postgresql://u:***@h/d"},
      {"postgresql://u:p/q@h/d", "postgresql://u:***@h/d"},
      {"postgresql:///d?host=h&password=p&user=u", "postgresql:///d?host=h&password=***&user=u"},
      {"postgresql:///d?sslpassword=p", "postgresql:///d?sslpassword=***"},
      {"postgresql://h/d?application_name", "postgresql://h/d?application_name"},
  };
  for (const auto& [conninfo, redacted] : cases) CHECK(RedactConninfo(conninfo) == redacted);
}

}  // namespace
}  // namespace outbox
