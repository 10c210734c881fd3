// SPDX-License-Identifier: Apache-2.0
#include "campaign/tail_reader.h"

#include <algorithm>
#include <stdexcept>

namespace outbox::campaign {
namespace {

struct DestroyTailMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyTailPartitions {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

}  // namespace

TailReader::TailReader(const std::string& bootstrap, const std::map<std::string, int>& partitions, See see)
    : client_(test::MakeKafkaClient(
          RD_KAFKA_CONSUMER, bootstrap,
          {{"group.id", "outbox-relay-campaign"},  // the assignment is ours, nothing is committed
           {"enable.auto.commit", "false"},
           {"auto.offset.reset", "earliest"},
           {"isolation.level", "read_committed"},
           {"enable.partition.eof", "true"},
           {"socket.timeout.ms", "10000"},
           {"fetch.wait.max.ms", "20"},
           {"fetch.error.backoff.ms", "50"}})),
      see_(std::move(see)) {
  for (const auto& [topic, count] : partitions) {
    for (int p = 0; p < count; ++p) positions_[{topic, p}] = 0;
  }
  Assign();
  thread_ = std::thread([this] { Read(); });
}

TailReader::~TailReader() {
  stop_ = true;
  thread_.join();
}

void TailReader::Assign() {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyTailPartitions> all(
      rd_kafka_topic_partition_list_new(16));
  const std::scoped_lock lock(mutex_);
  for (auto& [place, position] : positions_) {
    if (left_.contains(place.first)) {
      position = 0;
      continue;
    }
    rd_kafka_topic_partition_list_add(all.get(), place.first.c_str(), place.second)->offset =
        position > 0 ? position.load() : RD_KAFKA_OFFSET_BEGINNING;
  }
  const auto error = rd_kafka_assign(client_.get(), all.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

void TailReader::AwaitAssignment() {
  reassign_ = true;
  if (!test::WaitFor([this] { return !reassign_; })) throw std::runtime_error("the reader does not listen");
}

void TailReader::Leave(const std::string& topic) {
  {
    const std::scoped_lock lock(mutex_);
    left_.insert(topic);
  }
  AwaitAssignment();
}

void TailReader::Join(const std::string& topic) {
  {
    const std::scoped_lock lock(mutex_);
    left_.erase(topic);
  }
  AwaitAssignment();
}

void TailReader::Read() {
  while (!stop_) {
    if (reassign_) {
      Assign();
      reassign_ = false;
    }
    const std::unique_ptr<rd_kafka_message_t, DestroyTailMessage> message(
        rd_kafka_consumer_poll(client_.get(), 50));
    // A broker that is down is an error here too; the client reconnects by itself.
    if (!message || message->rkt == nullptr) continue;
    const auto position = positions_.find({rd_kafka_topic_name(message->rkt), message->partition});
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      see_(test::ToRecord(*message));
      position->second = message->offset + 1;
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      position->second = std::max<std::int64_t>(position->second, message->offset);
    }
  }
}

bool TailReader::ReachEnd(test::milliseconds timeout) const {
  return std::all_of(positions_.begin(), positions_.end(), [&](const auto& position) {
    std::int64_t low = 0;
    std::int64_t end = 0;
    const auto& [topic, partition] = position.first;
    return test::WaitFor(
        [&] {
          return rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &low, &end,
                                                  1'000) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                 position.second >= end;
        },
        timeout);
  });
}

}  // namespace outbox::campaign
