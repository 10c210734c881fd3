// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "kafka/handles.h"
#include "kafka/login_check.h"
#include "kafka/trouble.h"
#include "support/catch.h"

namespace outbox {
namespace {

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

KafkaProperty Said(std::string name, std::string value, std::string origin = "orders.toml:1") {
  return {std::move(name), std::move(value), std::move(origin), nullptr};
}

}  // namespace

TEST_CASE("what OpenSSL says of a certificate decides what is told, not that it could not be verified",
          "[kafka]") {
  const std::string text =
      "ssl://a:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: "
      "broker certificate could not be verified (after 23ms in state SSL_HANDSHAKE)";
  const struct {
    int verification;
    const char* says;
  } cases[] = {{9, "not valid yet"},    {10, "has expired"},        {18, "does not hold"},
               {19, "does not hold"},   {20, "does not hold"},      {62, "for other names"},
               {64, "for other names"}, {999, "cannot be verified"}};
  for (const auto& [verification, says] : cases) {
    const Trouble trouble = Explain(RD_KAFKA_RESP_ERR__SSL, text, verification);
    INFO(trouble.text);
    CHECK(trouble.refused);
    CHECK(trouble.text.starts_with("ssl://a:1: its certificate "));
    CHECK(Holds(trouble.text, says));
  }
}

TEST_CASE("a refused login is told in the broker's words, with what to look at", "[kafka]") {
  const Trouble trouble =
      Explain(RD_KAFKA_RESP_ERR__AUTHENTICATION,
              "sasl_ssl://a:1/bootstrap: SASL authentication error: Authentication failed: "
              "Invalid username or password (after 302ms in state AUTH_REQ)",
              0);
  CHECK(trouble.refused);
  CHECK(
      trouble.text.starts_with("sasl_ssl://a:1: SASL authentication error: Authentication failed: Invalid "
                               "username or password: see sasl.mechanism"));
}

TEST_CASE("an old librdkafka's SCRAM is among the suspects", "[kafka]") {
  const Trouble trouble =
      Explain(RD_KAFKA_RESP_ERR__AUTHENTICATION,
              "sasl_ssl://a:1/1: SASL authentication error: Authentication failed during "
              "authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512",
              0);
  CHECK(Holds(trouble.text, "it takes librdkafka 2.6.1") == (rd_kafka_version() < 0x02060100));
}

TEST_CASE("a broker that ends the handshake wants another certificate; one that is away is no refusal",
          "[kafka]") {
  const auto explain = [](const std::string& text) {
    return Explain(RD_KAFKA_RESP_ERR__TRANSPORT, "ssl://a:1/1: " + text + " (after 2ms in state X)", 0);
  };
  CHECK(
      explain("Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42")
          .refused);
  CHECK(Holds(explain("error:0A00045C:SSL routines::tlsv13 alert certificate required").text,
              "set ssl.certificate.location"));
  CHECK(
      Holds(explain("error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert number 46").text,
            "does not accept our certificate"));
  CHECK(Holds(explain("error:0A000418:SSL routines::tlsv1 alert unknown ca").text, "the authority of our"));
  const Trouble away = explain("Connect to ipv4#127.0.0.1:1 failed: Connection refused");
  CHECK_FALSE(away.refused);
  CHECK(away.text == "ssl://a:1/1: Connect to ipv4#127.0.0.1:1 failed: Connection refused");
  const Trouble protocol = explain(
      "Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol "
      "configuration "
      "(connecting to a SSL listener?) or broker version is < 0.10");
  CHECK_FALSE(protocol.refused);
  CHECK(Holds(protocol.text, "is it a listener with TLS?"));
}

TEST_CASE("a login needs a mechanism, and tokens a way to get them", "[kafka]") {
  CHECK(LoginObjection({}).empty());
  CHECK(LoginObjection({Said("security.protocol", "ssl")}).empty());
  CHECK(LoginObjection({Said("security.protocol", "SASL_SSL"), Said("sasl.mechanisms", "PLAIN")}).empty());
  CHECK(LoginObjection({Said("security.protocol", "sasl_ssl", "orders.toml:7")})
            .starts_with("orders.toml:7: security.protocol = \"sasl_ssl\" needs sasl.mechanism"));
  const auto mechanism = Said("sasl.mechanism", "OAUTHBEARER", "orders.toml:8");
  CHECK(LoginObjection({mechanism})
            .starts_with("orders.toml:8: sasl.mechanism = \"OAUTHBEARER\" gets its tokens"));
  CHECK(LoginObjection({mechanism, Said("enable.sasl.oauthbearer.unsecure.jwt", "true")}).empty());

  const ConfHandle conf(rd_kafka_conf_new());
  const bool built =
      rd_kafka_conf_set(conf.get(), "sasl.oauthbearer.method", "oidc", nullptr, 0) == RD_KAFKA_CONF_OK;
  const std::string tokens =
      LoginObjection({mechanism, Said("sasl.oauthbearer.method", "OIDC", "orders.toml:9")});
  CHECK(tokens.empty() == built);
  CHECK((built || (tokens.starts_with("orders.toml:9: ") && Holds(tokens, "SCRAM-SHA-512"))));
}

}  // namespace outbox
