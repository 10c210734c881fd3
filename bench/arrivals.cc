// SPDX-License-Identifier: Apache-2.0
#include "bench/arrivals.h"

#include <algorithm>
#include <charconv>

#include "bench/topic_end.h"
#include "bench/workload.h"

namespace outbox::bench {
namespace {

struct DestroyArrival {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyAssignment {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

}  // namespace

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A fetch that waits for messages does not hear of partitions that joined after it was sent, so it must not
// wait long: the half second that is the default was once taken for the relay's.
Arrivals::Arrivals(const std::string& bootstrap, const std::string& topic)
    : client_(test::MakeKafkaClient(RD_KAFKA_CONSUMER, bootstrap,
                                    {{"group.id", "bench"},
                                     {"enable.auto.commit", "false"},
                                     {"auto.offset.reset", "earliest"},
                                     {"fetch.wait.max.ms", "20"},
                                     {"fetch.error.backoff.ms", "10"},
                                     {"socket.nagle.disable", "true"}})),
      bootstrap_(bootstrap),
      topic_(topic) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyAssignment> list(
      rd_kafka_topic_partition_list_new(6));
  for (int p = 0; p < 6; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  const auto error = rd_kafka_assign(client_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

void Arrivals::Poll(test::milliseconds most) {
  const std::unique_ptr<rd_kafka_message_t, DestroyArrival> message(
      rd_kafka_consumer_poll(client_.get(), static_cast<int>(most.count())));
  if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) Take(*message, NowMicros());
}

void Arrivals::Take(const rd_kafka_message_t& message, std::int64_t now) {
  const std::string key(static_cast<const char*>(message.key), message.key_len);
  const char* text = static_cast<const char*>(message.payload);
  const char* const end = text + message.len;
  std::int64_t sequence = 0;
  std::int64_t due = 0;
  const auto number = std::from_chars(text, end, sequence);
  if (number.ptr == end || std::from_chars(number.ptr + 1, end, due).ec != std::errc()) {
    throw Fault("a payload that nobody inserted: " + std::string(text, message.len));
  }
  std::int64_t& last = last_[key];
  if (sequence <= last) {
    ++repeats_;
    return;
  }
  if (sequence != last + 1) {
    throw Fault("lost or out of order: message " + std::to_string(sequence) + " of " + key + " came after " +
                std::to_string(last));
  }
  last = sequence;
  all_.push_back({due, now});
}

void Arrivals::ReadUntil(std::int64_t messages, test::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (static_cast<std::int64_t>(all_.size()) < messages) {
    if (std::chrono::steady_clock::now() > until) {
      throw Fault(std::to_string(all_.size()) + " of " + std::to_string(messages) + " messages came in time");
    }
    Poll(test::milliseconds(100));
  }
}

void Arrivals::ReadAll(std::int64_t messages) {
  const std::int64_t there = TopicEnd(bootstrap_, topic_).count();
  const auto until = std::chrono::steady_clock::now() + test::seconds(120);
  const auto taken = [this] { return static_cast<std::int64_t>(all_.size()) + repeats_; };
  while (taken() < there && std::chrono::steady_clock::now() < until) Poll(test::milliseconds(100));
  if (taken() != there || static_cast<std::int64_t>(all_.size()) != messages) {
    throw Fault(std::to_string(all_.size()) + " different messages and " + std::to_string(repeats_) +
                " repeats where there are " + std::to_string(there) + ", of " + std::to_string(messages) +
                " that were inserted");
  }
}

std::vector<double> Delays(const std::vector<Arrivals::Arrival>& arrivals, std::int64_t from) {
  std::vector<double> delays;
  for (const auto& [due, came] : arrivals) {
    if (due >= from) delays.push_back(static_cast<double>(came - due) / 1'000);
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

double Quantile(const std::vector<double>& sorted, double quantile) {
  if (sorted.empty()) throw Fault("nothing was measured");
  return sorted[static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1))];
}

}  // namespace outbox::bench
