// SPDX-License-Identifier: Apache-2.0
#include "kafka/login_check.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <string_view>

#include "kafka/handles.h"
#include "kafka/library_version.h"

namespace outbox {
namespace {

using Properties = std::vector<KafkaProperty>;

// The one that is in force. Null: none of these names is set.
const KafkaProperty* Find(const Properties& properties, std::initializer_list<std::string_view> names) {
  const auto found = std::find_if(properties.rbegin(), properties.rend(), [&](const KafkaProperty& property) {
    return std::ranges::find(names, property.name) != names.end();
  });
  return found == properties.rend() ? nullptr : &*found;
}

bool Says(const KafkaProperty* property, std::string_view value) {
  return property != nullptr &&
         std::ranges::equal(property->value, value, [](unsigned char a, unsigned char b) {
           return std::tolower(a) == std::tolower(b);
         });
}

bool BuiltWithOidc() {
  const ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> text{};
  return rd_kafka_conf_set(conf.get(), "sasl.oauthbearer.method", "oidc", text.data(), text.size()) ==
         RD_KAFKA_CONF_OK;
}

std::string OauthObjection(const KafkaProperty& mechanism, const KafkaProperty* method,
                           const Properties& all) {
  const bool oidc = Says(method, "oidc");
  if (oidc && BuiltWithOidc()) return {};
  if (!oidc && Says(Find(all, {"enable.sasl.oauthbearer.unsecure.jwt"}), "true")) return {};
  const std::string begin = (oidc ? method : &mechanism)->origin + ": " + mechanism.name +
                            " = \"OAUTHBEARER\" gets its tokens by sasl.oauthbearer.method = \"oidc\"";
  if (BuiltWithOidc()) return begin + ": set that as well";
  return begin + ", which librdkafka " + LibrdkafkaVersion() +
         " was built without here: install one that was built with libcurl, or use SCRAM-SHA-512 or PLAIN "
         "with "
         "security.protocol = \"sasl_ssl\", or a client certificate";
}

}  // namespace

std::string LoginObjection(const Properties& properties) {
  const KafkaProperty* const protocol = Find(properties, {"security.protocol"});
  const KafkaProperty* const mechanism = Find(properties, {"sasl.mechanism", "sasl.mechanisms"});
  const KafkaProperty* const method = Find(properties, {"sasl.oauthbearer.method"});
  if (Says(mechanism, "OAUTHBEARER")) return OauthObjection(*mechanism, method, properties);
  const bool login = Says(protocol, "sasl_ssl") || Says(protocol, "sasl_plaintext");
  if (!login || mechanism != nullptr) return {};
  // librdkafka would take GSSAPI, and miss a keytab.
  return protocol->origin + ": security.protocol = \"" + protocol->value +
         "\" needs sasl.mechanism: \"SCRAM-SHA-512\", \"SCRAM-SHA-256\", \"PLAIN\" or \"GSSAPI\"";
}

}  // namespace outbox
