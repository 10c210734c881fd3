// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bench/arrivals.h"

namespace outbox::bench {

class Contender;

// Services that insert, each message in a transaction of its own, by a timetable: one that is late
// goes on at once, and its delay counts from when it was due, so a stall does not hide the messages
// that it held up. A key belongs to one writer, which keeps its order. Used by one thread.
class Writers {
 public:
  struct Options {
    double rate = 1'000;  // messages a second, all writers together
    int writers = 8;
    int keys = 1'000;
    int bytes = 200;
  };
  Writers(const Contender& contender, const std::string& topic, const Options& options);
  ~Writers() { Stop(); }

  // Each writer ends with the message at hand. What one could not insert is thrown here.
  void Finish();

  std::int64_t count() const {
    return static_cast<std::int64_t>(commits_.size());
  }                                                                           // these two: after Finish
  const std::vector<Arrivals::Arrival>& commits() const { return commits_; }  // due and committed

 private:
  struct Own {
    std::vector<Arrivals::Arrival> commits;
    std::string error;
  };

  void Stop();
  void Write(int writer, Own& own, const std::stop_token& stop) const;

  const Options options_;
  const std::string conninfo_;
  const std::string insert_;
  const std::int64_t began_;
  std::vector<Own> own_;  // one for each thread
  std::vector<Arrivals::Arrival> commits_;
  std::vector<std::jthread> threads_;
};

}  // namespace outbox::bench
