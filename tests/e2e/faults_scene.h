// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "e2e/load.h"
#include "e2e/stage.h"
#include "e2e/verdict.h"

namespace outbox::test {

using Expected = std::map<std::string, std::int64_t>;  // how many messages of each "topic/key"

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

Load::Options LoadOf(const Stage& stage, double rate, int keys);

// Inserts `rows` more messages to `topic`, in one transaction, as a load would number them.
void AddBacklog(const Stage& stage, const std::string& topic, int rows, int keys, Expected& expected);

// Reads the topics to their ends and fails the test if something was lost, out of order, or never committed.
Verdict CheckDelivered(const Stage& stage, const std::vector<std::string>& topics, const Expected& expected);
void CheckNothingCharged(const Stage& stage);

// How many messages this relay has settled as sent.
double Sent(const RelayProcess& relay);
// False: it settled nothing more within `timeout`.
bool AwaitMoreSent(const RelayProcess& relay, double more = 1,
                   milliseconds timeout = std::chrono::seconds(30));

// From now on, in a thread of its own: tries `attempt` until it does not throw. Yields the moment.
std::future<std::chrono::steady_clock::time_point> FirstSuccess(std::function<void()> attempt);
// In a thread of its own: when this relay settles something for the first time from now on.
std::future<std::chrono::steady_clock::time_point> FirstSent(const RelayProcess& relay);

}  // namespace outbox::test
