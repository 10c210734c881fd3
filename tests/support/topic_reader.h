// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/kafka_client.h"

namespace outbox::test {

struct Record {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> payload;                        // none: a tombstone
  std::vector<std::pair<std::string, std::string>> headers;  // in their order; a name may repeat
  std::int64_t timestamp_ms = 0;

  std::string header(const std::string& name) const;  // the first of that name; empty if there is none
};

Record ToRecord(const rd_kafka_message_t& message);

// Reads whole topics, from their beginnings, as a consumer with read_committed sees them. All
// records read so far stay here, in the order of each partition. Used by one thread.
class TopicReader {
 public:
  // Waits for the topics to exist, for at most 10 s. They must keep their partitions.
  TopicReader(const std::string& bootstrap, const std::vector<std::string>& topics);

  const std::vector<Record>& records() const { return records_; }

  // False: `timeout` passed first.
  bool ReadUntil(std::size_t count, milliseconds timeout = seconds(30));
  bool ReadUntil(const std::function<bool(const std::vector<Record>&)>& enough,
                 milliseconds timeout = seconds(30));
  // Reads up to where each partition ends now; for showing that there is nothing more.
  bool ReadToEnd(milliseconds timeout = seconds(30));

 private:
  using Partition = std::pair<std::string, int>;

  void Poll();

  KafkaClient client_;
  std::map<Partition, std::int64_t> positions_;  // the next offset
  std::vector<Record> records_;
};

}  // namespace outbox::test
