// SPDX-License-Identifier: Apache-2.0
#include "support/topic_reader.h"

#include <algorithm>
#include <stdexcept>

namespace outbox::test {
namespace {

struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyPartitions {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

std::optional<std::string> Bytes(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

}  // namespace

Record ToRecord(const rd_kafka_message_t& message) {
  Record record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  record.key = Bytes(message.key, message.key_len);
  record.payload = Bytes(message.payload, message.len);
  rd_kafka_timestamp_type_t type{};
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t h = 0;
       rd_kafka_header_get_all(headers, h, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++h) {
    record.headers.emplace_back(name, Bytes(value, size).value_or(""));
  }
  return record;
}

std::string Record::header(const std::string& name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? "" : found->second;
}

TopicReader::TopicReader(const std::string& bootstrap, const std::vector<std::string>& topics)
    : client_(
          MakeKafkaClient(RD_KAFKA_CONSUMER, bootstrap,
                          {{"group.id", "outbox-relay-test"},  // the assignment is ours, nothing is committed
                           {"enable.auto.commit", "false"},
                           {"auto.offset.reset", "earliest"},
                           {"isolation.level", "read_committed"},
                           {"enable.partition.eof", "true"},
                           {"fetch.wait.max.ms", "20"},
                           {"fetch.error.backoff.ms", "50"}})) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions> all(
      rd_kafka_topic_partition_list_new(16));
  for (const auto& topic : topics) {
    int partitions = 0;
    const auto found = [&] { return (partitions = PartitionsWithLeader(client_.get(), topic)) > 0; };
    if (!WaitFor(found)) throw std::runtime_error("no topic " + topic);
    for (int p = 0; p < partitions; ++p) {
      rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
      positions_[{topic, p}] = 0;
    }
  }
  const auto error = rd_kafka_assign(client_.get(), all.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

void TopicReader::Poll() {
  const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
      rd_kafka_consumer_poll(client_.get(), 20));
  // A broker that is down is an error here too; the client reconnects by itself.
  if (!message || message->rkt == nullptr) return;
  auto& position = positions_[{rd_kafka_topic_name(message->rkt), message->partition}];
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    position = message->offset + 1;
    records_.push_back(ToRecord(*message));
  } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Behind markers of transactions, which are no messages, a partition's end is known only so.
    position = std::max(position, message->offset);
  }
}

bool TopicReader::ReadUntil(std::size_t count, milliseconds timeout) {
  return ReadUntil([count](const auto& records) { return records.size() >= count; }, timeout);
}

bool TopicReader::ReadUntil(const std::function<bool(const std::vector<Record>&)>& enough,
                            milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!enough(records_)) {
    if (std::chrono::steady_clock::now() >= end) return false;
    Poll();
  }
  return true;
}

bool TopicReader::ReadToEnd(milliseconds timeout) {
  std::map<Partition, std::int64_t> ends;
  for (const auto& [partition, position] : positions_) {
    std::int64_t low = 0;
    const auto asked = WaitFor(
        [&] {
          return rd_kafka_query_watermark_offsets(client_.get(), partition.first.c_str(), partition.second,
                                                  &low, &ends[partition],
                                                  1'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
        },
        timeout);
    if (!asked) return false;
  }
  return ReadUntil(
      [&](const auto&) {
        return std::all_of(ends.begin(), ends.end(),
                           [&](const auto& end) { return positions_[end.first] >= end.second; });
      },
      timeout);
}

}  // namespace outbox::test
