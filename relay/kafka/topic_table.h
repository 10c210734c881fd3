// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/footing.h"
#include "kafka/handles.h"
#include "outbox/publisher.h"

namespace outbox {

// The topics that were usable in any generation. Thread-safe.
class KnownTopics {
 public:
  void Add(std::string_view name);
  std::vector<std::string> names() const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> names_;  // protected by mutex_
};

// The topics of one client. Thread-safe; destroyed before the client.
class TopicTable {
 public:
  TopicTable(rd_kafka_t* client, KnownTopics& known) : client_(client), known_(known) {}

  // Null: no topic can have that name.
  rd_kafka_topic_t* Handle(std::string_view name);

  // Asks for all topics known so far in one request: the first message of a topic that the client
  // has not heard of would wait for up to a second. Called once; Check waits for its end.
  void LookUpKnown(milliseconds timeout);

  // From memory if the topic was usable before. A topic that seems unknown is asked for again during
  // a moment, since the question itself may have begun to create it.
  TopicState Check(std::string_view name, milliseconds timeout);
  TopicState Probe(std::string_view name, milliseconds timeout);
  // Does any broker answer?
  bool Answers(milliseconds timeout);

  void Forget(std::string_view name);
  bool Established(std::string_view name);  // see Delivery

 private:
  struct Topic {
    TopicHandle handle;
    bool usable = false;
    Footing footing;  // the opaque of the client's topic
  };

  bool usable(std::string_view name) const;  // holds mutex_
  MetadataHandle Metadata(rd_kafka_topic_t* only, milliseconds timeout);
  TopicState Remember(const rd_kafka_metadata_topic_t& topic);

  rd_kafka_t* const client_;
  KnownTopics& known_;
  mutable std::mutex mutex_;
  std::condition_variable looked_up_;
  bool known_looked_up_ = false;                      // protected by mutex_
  std::map<std::string, Topic, std::less<>> topics_;  // protected by mutex_; nothing is erased
};

}  // namespace outbox
