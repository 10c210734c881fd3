// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "e2e/load.h"
#include "e2e/stage.h"
#include "e2e/verdict.h"

namespace outbox::test {

// A payload that no compression makes smaller. It begins with the sequence number 0, by which Arrived
// tells the messages that a test put among a load from those of the load.
std::string Noise(std::size_t bytes);

struct Row {
  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> payload;
};
// As the service does it, in a transaction of its own; the id.
std::int64_t Insert(const Stage& stage, const Row& row);

std::string StatusOf(const Stage& stage, std::int64_t id);
bool AwaitStatus(const Stage& stage, std::int64_t id, const std::string& status,
                 milliseconds timeout = seconds(15));

// Fails the test unless all of the load has arrived, in order; tells what is wrong. The number of
// duplicates.
std::int64_t CheckArrived(const std::vector<Record>& records, const Load& load);

// The ids of a unit's messages in the order of their first arrival.
std::vector<std::int64_t> ArrivedIds(const Stage& stage, const std::vector<Record>& records,
                                     const std::string& topic, const std::string& key);

// In milliseconds since the epoch.
struct Span {
  std::int64_t from = 0;
  std::int64_t upto = std::numeric_limits<std::int64_t>::max();
};
std::int64_t NowMs();

// Of the messages of a topic whose timestamps the broker sets: the longest time between two appends
// of which one, at least, lies in `during`.
std::int64_t LongestSilenceMs(const std::vector<Record>& records, const std::string& topic, Span during = {});

double SecondsSince(std::chrono::steady_clock::time_point begin);

}  // namespace outbox::test
