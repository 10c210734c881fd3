// SPDX-License-Identifier: Apache-2.0
#include "kafka/trouble.h"

#include <algorithm>

#include "kafka/library_version.h"

namespace outbox {
namespace {

struct Remedy {
  std::string_view sign;  // in librdkafka's text
  std::string_view text;
  bool refused;
};

// OpenSSL's X509_V_ERR_*, whose numbers are part of its interface.
std::string_view OfVerification(int error) {
  switch (error) {
    case 9:
      return "its certificate is not valid yet: is a clock wrong?";
    case 10:
      return "its certificate has expired: renew it there; no restart is needed here";
    case 2:
    case 18:
    case 19:
    case 20:
    case 21:
      return "its certificate is from an authority that ssl.ca.location does not hold: add that one to the "
             "file; no restart is needed";
    case 62:
    case 64:
      return "its certificate is for other names: kafka.brokers and the brokers' advertised.listeners must "
             "use a name that it holds, or it must be renewed with this one";
    default:
      return "its certificate cannot be verified";
  }
}

// In order: a text may hold several signs.
constexpr Remedy kRemedies[] = {
    {"alert certificate expired",
     "the broker says that our certificate has expired: renew what ssl.certificate.location names; no "
     "restart is needed",
     true},
    {"certificate required",
     "the broker wants a certificate from us: set ssl.certificate.location and ssl.key.location, and restart",
     true},
    {" alert bad certificate",
     "the broker wants a certificate from us, or another one: see ssl.certificate.location and "
     "ssl.key.location; without either, set them and restart",
     true},
    {"alert unknown ca",
     "the broker does not know the authority of our certificate: see ssl.certificate.location, or add the "
     "authority to the broker's truststore",
     true},
    {"alert certificate unknown",
     "the broker does not accept our certificate, for its authority or its date: see "
     "ssl.certificate.location, whose file is read again without a restart, and the broker's truststore",
     true},
    {" alert ", "the broker ended the handshake: see security.protocol and the certificates", true},
    {"wrong version number", "the listener does not speak TLS: security.protocol must be what it is there",
     false},
    {"connecting to a SSL listener", "is it a listener with TLS? security.protocol must be what it is there",
     false},
    {"connecting to a PLAINTEXT listener",
     "is it a listener without a login? security.protocol must be what it is there", false},
};

// "sasl_ssl://host:1/bootstrap: SASL ... (after 3ms in state AUTH_REQ)" without what only a developer wants.
std::string Shorten(std::string_view text) {
  const std::size_t after = text.rfind(" (after ");
  std::string shorter(text.substr(0, after));
  for (const std::string_view part : {"/bootstrap: ", "\n"}) {
    for (std::size_t at = shorter.find(part); at != std::string::npos; at = shorter.find(part)) {
      shorter.replace(at, part.size(), part.starts_with('/') ? ": " : " ");
    }
  }
  return shorter;
}

std::string_view BrokerOf(std::string_view text) { return text.substr(0, text.find(": ")); }

// Before 2.6.1 the last message of a SCRAM login repeats the client's nonce. Kafka 3 looks the other way;
// Kafka 4 takes that for wrong credentials.
std::string ScramHint(const std::string& text) {
  constexpr int kFixed = 0x02060100;
  if (rd_kafka_version() >= kFixed || text.find("SCRAM") == std::string::npos) return {};
  return "; for SCRAM with Kafka 4 it takes librdkafka 2.6.1, and this is " + LibrdkafkaVersion();
}

}  // namespace

Trouble Explain(rd_kafka_resp_err_t error, std::string_view text, int verification) {
  const std::string shorter = Shorten(text);
  if (verification != 0 && shorter.find("certificate verify failed") != std::string::npos) {
    return {true, std::string(BrokerOf(shorter)) + ": " + std::string(OfVerification(verification))};
  }
  if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    return {true,
            shorter +
                ": see sasl.mechanism, sasl.username and sasl.password, and the user at the broker; the "
                "file of a secret is read again without a restart" +
                ScramHint(shorter)};
  }
  const auto known = std::ranges::find_if(
      kRemedies, [&](const Remedy& remedy) { return shorter.find(remedy.sign) != std::string::npos; });
  if (known == std::end(kRemedies)) return {error == RD_KAFKA_RESP_ERR__SSL, shorter};
  return {known->refused, shorter + ": " + std::string(known->text)};
}

}  // namespace outbox
