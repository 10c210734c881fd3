// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_filter.h"

// What operators see of messages. Times are ISO 8601, UTC.
namespace outbox {

struct MessageState {
  std::int64_t id = 0;
  std::string message_id;
  std::string topic;
  std::optional<std::string> key, type;
  std::string status;
  std::int64_t attempts = 0;
  std::optional<std::string> created_at, next_attempt_at, last_error, sent_at;
  int lane = 0;
};

// For statements of other files: the columns of a message `o`, and the states that the answer holds.
std::string StateColumns();
MessageState StateOf(const OperatorAnswer& answer, int row);
std::vector<MessageState> StatesOf(const OperatorAnswer& answer);

// Newest first.
std::vector<MessageState> ListMessages(OperatorSession& session, const FoundRange& range, std::int64_t most);
std::int64_t CountMessages(OperatorSession& session, const FoundRange& range);

// All of a message but its value, which is read apart.
struct MessageDetail {
  MessageState state;
  std::string xid;
  std::optional<std::string> headers;  // JSON
  std::optional<std::int64_t> payload_size, payload_bytes_size;
};
std::vector<MessageDetail> ReadDetails(OperatorSession& session, const FoundRange& range);

// Exactly one of text and hex is set; neither: a tombstone.
struct MessageValue {
  std::optional<std::string> text;
  std::optional<std::string> hex;  // of bytes: "0a1f"
};
MessageValue ReadValue(OperatorSession& session, std::int64_t id);

// What stands between a message and Kafka.
struct Obstacles {
  bool blocks = false;                // on_failed = block: failed messages hold their unit, too
  std::vector<MessageState> waiting;  // of its unit, retrying or failed, oldest first; at most 1,000
  std::int64_t pending_before = 0;    // of its unit; at most 1,000
  std::int64_t pending_behind = 0;    // of its unit; at most 1,000
  std::optional<std::string> holder;  // who has the lane: a relay with it in flight, or a person
};
Obstacles ReadObstacles(OperatorSession& session, const MessageState& message);

}  // namespace outbox
