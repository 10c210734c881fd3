// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/sql.h"
#include "support/wait.h"

namespace outbox::test {

// Services that insert, each message in a transaction of its own, until stopped. The writers of a key
// are serialised, as services do it by locking the row that they change; so the sequence number in a
// payload, counted per topic and key, tells the order in which the messages must arrive. A writer whose
// connection is lost finds out, by the message id, whether its last row was committed.
// Payload: "<sequence> <microseconds since the epoch, when it was inserted> <filling>".
class Load {
 public:
  struct Options {
    std::string conninfo;
    std::vector<std::string> topics = {"orders"};
    int writers = 4;
    std::string key_prefix = "k";
    int keys = 100;
    double rate = 1'000;  // messages a second, all writers together; 0: as fast as they can
    int bytes = 100;
    int rolled_back_percent = 0;
  };
  explicit Load(Options options);
  ~Load();

  void Stop();
  // Runs `write` while no writer is at that key: what it commits has a place among the key's messages.
  void Amid(int key, const std::function<void()>& write);
  // How many messages of each "topic/key" were committed. After Stop.
  const std::map<std::string, std::int64_t>& committed() const { return committed_; }
  std::int64_t count() const { return count_; }

 private:
  void Write(int writer);
  bool Insert(std::unique_ptr<Sql>& sql, const std::string& topic, const std::string& key,
              std::int64_t sequence);

  const Options options_;
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> count_{0};
  std::atomic<std::int64_t> ticket_{0};
  std::chrono::steady_clock::time_point began_;
  std::vector<std::mutex> key_locks_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> committed_;  // protected by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace outbox::test
