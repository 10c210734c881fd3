// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace outbox {

struct DestroyClient {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using QuietClient = std::unique_ptr<rd_kafka_t, DestroyClient>;

// A client of the demo's own, beside the relay's. It writes no log: that a broker which was taken
// away cannot be reached is no news here.
inline QuietClient MakeQuietClient(rd_kafka_type_t type,
                                   std::initializer_list<std::pair<const char*, std::string>> properties) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(error.data());
    }
  }
  QuietClient client(rd_kafka_new(type, conf, error.data(), error.size()));
  if (client) return client;
  rd_kafka_conf_destroy(conf);
  throw std::runtime_error(error.data());
}

}  // namespace outbox
