// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "postgres/operator_session.h"

namespace outbox {

struct TestMessage {
  std::string topic;
  std::optional<std::string> key, type;
  std::string payload;
  std::string headers = "{}";  // JSON
};

struct InsertedMessage {
  std::int64_t id = 0;
  std::string message_id;
};

// As a service does it, and a row in outbox_audit with it.
InsertedMessage InsertMessage(OperatorSession& session, const TestMessage& message, const Caller& caller);

struct MessageFate {
  std::string status;             // "deleted": it was sent where completion is delete, or discarded
  std::optional<double> latency;  // seconds from insert to settled; of a sent one
};
MessageFate ReadFate(OperatorSession& session, std::int64_t id);

}  // namespace outbox
