// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_client.h"

#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

namespace outbox::test {
namespace {

struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyMetadata {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};

void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void*) noexcept {
  *static_cast<rd_kafka_resp_err_t*>(message->_private) = message->err;
}

rd_kafka_vu_t Entry(rd_kafka_vtype_t type) {
  rd_kafka_vu_t entry{};
  entry.vtype = type;
  return entry;
}

rd_kafka_vu_t Bytes(rd_kafka_vtype_t type, const std::string& bytes) {
  rd_kafka_vu_t entry = Entry(type);
  entry.u.mem.ptr = const_cast<char*>(bytes.data());
  entry.u.mem.size = bytes.size();
  return entry;
}

}  // namespace

void DestroyClient::operator()(rd_kafka_t* client) const {
  std::packaged_task<void()> destroy([client] { rd_kafka_destroy(client); });
  const auto destroyed = destroy.get_future();
  std::thread(std::move(destroy)).detach();
  destroyed.wait_for(seconds(5));
}

KafkaClient MakeKafkaClient(rd_kafka_type_t type, const std::string& bootstrap,
                            const std::map<std::string, std::string>& properties) {
  std::map<std::string, std::string> all{{"bootstrap.servers", bootstrap},
                                         {"reconnect.backoff.max.ms", "200"}};
  for (const auto& [name, value] : properties) all[name] = value;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, OnReport);
  char error[512] = "";
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) == RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    throw std::invalid_argument(error);
  }
  KafkaClient client(rd_kafka_new(type, conf, error, sizeof error));
  if (!client) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(error);
  }
  return client;
}

namespace {

using Metadata = std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata>;

Metadata AskMetadata(rd_kafka_t* client, const std::string& topic, milliseconds timeout) {
  std::unique_ptr<rd_kafka_topic_t, DestroyTopic> handle;
  if (!topic.empty()) handle.reset(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 0, handle.get(), &raw, static_cast<int>(timeout.count()));
  Metadata metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->broker_cnt == 0) return nullptr;
  if (topic.empty()) return metadata;
  const bool known = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
  return known ? std::move(metadata) : nullptr;
}

}  // namespace

int PartitionsWithLeader(rd_kafka_t* client, const std::string& topic, milliseconds timeout) {
  const Metadata metadata = AskMetadata(client, topic, timeout);
  if (!metadata) return -1;
  if (topic.empty()) return 0;
  int led = 0;
  for (int p = 0; p < metadata->topics[0].partition_cnt; ++p) {
    if (metadata->topics[0].partitions[p].leader >= 0) ++led;
  }
  return led;
}

int LeaderOf(rd_kafka_t* client, const std::string& topic, int partition) {
  const Metadata metadata = AskMetadata(client, topic, seconds(5));
  if (!metadata) return -1;
  for (int p = 0; p < metadata->topics[0].partition_cnt; ++p) {
    if (metadata->topics[0].partitions[p].id == partition) return metadata->topics[0].partitions[p].leader;
  }
  return -1;
}

void Produce(const std::string& bootstrap, const std::string& topic, const std::optional<std::string>& key,
             const std::string& payload, const std::map<std::string, std::string>& headers) {
  const auto client = MakeKafkaClient(RD_KAFKA_PRODUCER, bootstrap,
                                      {{"enable.idempotence", "true"}, {"message.timeout.ms", "20000"}});
  // Else the report of an unknown topic takes until the message's timeout.
  if (!WaitFor([&] { return PartitionsWithLeader(client.get(), topic) > 0; }, seconds(5))) {
    throw std::runtime_error("no topic " + topic);
  }
  auto report = RD_KAFKA_RESP_ERR__IN_PROGRESS;
  std::vector<rd_kafka_vu_t> message;
  message.push_back(Entry(RD_KAFKA_VTYPE_TOPIC));
  message.back().u.cstr = topic.c_str();
  if (key) message.push_back(Bytes(RD_KAFKA_VTYPE_KEY, *key));
  message.push_back(Bytes(RD_KAFKA_VTYPE_VALUE, payload));
  for (const auto& [name, value] : headers) {
    message.push_back(Entry(RD_KAFKA_VTYPE_HEADER));
    message.back().u.header = {name.c_str(), value.data(), static_cast<ssize_t>(value.size())};
  }
  message.push_back(Entry(RD_KAFKA_VTYPE_OPAQUE));
  message.back().u.ptr = &report;
  if (rd_kafka_error_t* error = rd_kafka_produceva(client.get(), message.data(), message.size())) {
    const std::string why = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    throw std::runtime_error(why);
  }
  rd_kafka_flush(client.get(), 30'000);
  if (report != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(report));
}

}  // namespace outbox::test
