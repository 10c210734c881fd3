// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "kafka/broker_health.h"
#include "kafka/census.h"
#include "kafka/event_sink.h"
#include "kafka/flight.h"
#include "kafka/handles.h"
#include "kafka/kafka_statistics.h"
#include "kafka/topic_table.h"
#include "outbox/publisher.h"

namespace outbox {

// What the generations of one publisher share. Owned by each of them, since one that hangs outlives
// the publisher.
struct KafkaContext {
  explicit KafkaContext(KafkaEvents to) : events(std::move(to)) {}

  EventSink events;
  BrokerHealth health;
  Census census;
  KnownTopics topics;
};

// The life of one librdkafka producer, from its start to its end, which comes when a message of it
// cannot be persisted or somebody gives it up. Thread-safe.
//
// Invariants:
// 1. Nothing is handed to the client after its end: End closes every gate before it purges, and no
//    flight boards afterwards. So what was purged is never overtaken.
// 2. A slot known to the client stays: flights_ keeps it until its report, or until the client is
//    destroyed.
// 3. The client is destroyed by the poll thread only, which owns the generation. Nobody waits for it.
class Generation {
 public:
  // Starts a client and the thread that polls it. Throws std::invalid_argument with librdkafka's text.
  static std::shared_ptr<Generation> Start(Road road, ConfHandle conf, std::shared_ptr<KafkaContext> context);

  Generation(Road road, ConfHandle conf, std::shared_ptr<KafkaContext> context);  // for Start
  ~Generation();

  // From now on the flight may hand over through its gate of this road, while that is open. False:
  // ended.
  bool Board(const std::shared_ptr<Flight>& flight);
  // A flight that boarded has landed.
  void Landed() { landed_ = true; }

  // For those who hold an open gate.
  rd_kafka_t* client() { return client_.get(); }
  TopicTable& topics() { return *topics_; }

  bool ended() const { return ended_; }
  bool persisted() const { return persisted_; }  // anything so far?

  // The first call counts. Does not block, apart from hand-overs in this very moment.
  void End(GiveUpReason reason, std::string_view detail);
  // The same, but nothing went wrong.
  void Retire();

  // As in TopicTable; kUnreachable and false if the client is gone.
  TopicState CheckTopic(std::string_view topic, milliseconds timeout);
  TopicState ProbeTopic(std::string_view topic, milliseconds timeout);
  bool Answers(milliseconds timeout);
  bool Established(std::string_view topic);  // see Delivery

 private:
  using Client = std::unique_ptr<rd_kafka_t, KafkaDestroy<rd_kafka_t, rd_kafka_destroy>>;
  friend struct GenerationCallbacks;

  void Run() noexcept;
  bool Outdated() const;
  void Poll(milliseconds timeout);
  void AwaitReports();
  void Destroy();
  void Sweep();
  bool Close(GiveUpReason reason);
  void Purge(int what);

  void OnReport(const rd_kafka_message_t& message);
  void OnError(rd_kafka_resp_err_t error, std::string_view text);
  void OnStatistics(std::string_view json);

  const Road road_;
  const std::shared_ptr<KafkaContext> context_;
  std::atomic<int> verification_{0};  // of a broker's certificate, the last one that failed
  Client client_;
  QueueHandle reports_;  // what rd_kafka_poll serves; only for ending a poll early
  std::unique_ptr<TopicTable> topics_;
  StatisticsReader statistics_;
  std::shared_mutex use_;  // shared: asking the client for metadata; exclusive: destroying it

  std::atomic<bool> ended_{false};
  std::atomic<bool> persisted_{false};
  std::atomic<bool> landed_{false};         // a flight did since the last sweep
  bool answered_ = false;                   // a broker did; of the poll thread alone, like the next
  std::optional<TimePoint> refused_since_;  // no broker is connected, and one refused us or we it
  std::mutex mutex_;
  bool patient_ = false;                          // protected by mutex_: requests in flight may finish
  std::vector<std::shared_ptr<Flight>> flights_;  // protected by mutex_
};

}  // namespace outbox
