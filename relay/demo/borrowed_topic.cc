// SPDX-License-Identifier: Apache-2.0
#include "demo/borrowed_topic.h"

#include <fmt/format.h>

#include <utility>

namespace outbox {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr int kBrokersChoice = -1;  // as many replicas as the broker makes by default

template <typename T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* object) const { destroy(object); }
};
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using NewTopic =
    std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using DeleteTopic =
    std::unique_ptr<rd_kafka_DeleteTopic_t, Destroy<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>>;

// Null: created.
std::string Refusal(rd_kafka_event_t* event) {
  if (event == nullptr) return "no answer";
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event);
  std::size_t count = 0;
  const auto* const topics =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  if (count != 1) return "no answer";
  if (rd_kafka_topic_result_error(topics[0]) == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const char* const text = rd_kafka_topic_result_error_string(topics[0]);
  return text != nullptr ? text : rd_kafka_err2str(rd_kafka_topic_result_error(topics[0]));
}

}  // namespace

BorrowedTopic::BorrowedTopic(const std::string& brokers, std::string name, int partitions)
    : name_(std::move(name)), client_(MakeQuietClient(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}})) {
  const Queue queue(rd_kafka_queue_new(client_.get()));
  const NewTopic topic(rd_kafka_NewTopic_new(name_.c_str(), partitions, kBrokersChoice, nullptr, 0));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client_.get(), topics, 1, nullptr, queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (const std::string refusal = Refusal(event.get()); !refusal.empty()) {
    throw std::runtime_error(fmt::format("cannot create topic {} on {}: {}", name_, brokers, refusal));
  }
}

BorrowedTopic::~BorrowedTopic() {
  if (kept_) return;
  const Queue queue(rd_kafka_queue_new(client_.get()));
  const DeleteTopic topic(rd_kafka_DeleteTopic_new(name_.c_str()));
  rd_kafka_DeleteTopic_t* topics[] = {topic.get()};
  rd_kafka_DeleteTopics(client_.get(), topics, 1, nullptr, queue.get());
  const Event answered(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
}

}  // namespace outbox
