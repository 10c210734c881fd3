// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "support/kafka_client.h"
#include "support/topic_reader.h"

namespace outbox::campaign {

// A read_committed consumer in a thread of its own, which hands on each record and keeps none.
class TailReader {
 public:
  using See = std::function<void(const test::Record&)>;
  // The topics, with their partitions, must exist.
  TailReader(const std::string& bootstrap, const std::map<std::string, int>& partitions, See see);
  ~TailReader();

  // Waits until everything that is in the topics now was handed on. False: `timeout` passed first.
  bool ReachEnd(test::milliseconds timeout) const;
  // Around the time in which a topic does not exist. What was not handed on before Leave returns never is;
  // from Join on its successor is read, from its beginning.
  void Leave(const std::string& topic);
  void Join(const std::string& topic);

 private:
  void Read();
  void Assign();
  void AwaitAssignment();

  test::KafkaClient client_;
  See see_;
  std::map<std::pair<std::string, int>, std::atomic<std::int64_t>> positions_;  // the next offset
  std::mutex mutex_;
  std::set<std::string> left_;  // protected by mutex_
  std::atomic<bool> reassign_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace outbox::campaign
