// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kafka/handles.h"
#include "outbox/publisher.h"
#include "outbox/settings.h"

namespace outbox {

struct KafkaPublisherOptions {
  std::string outbox_name;
  KafkaSettings kafka;
  MessageTimestamp timestamp = MessageTimestamp::kCreatedAt;
  // What all workers together may hand over before any report has come: below that the client would
  // say kFull again and again.
  std::int64_t queue_messages = 100'000;
  std::int64_t queue_bytes = 256 << 20;
};

// The configuration of one client, without callbacks. Reads secrets anew. Throws std::invalid_argument
// with the origin of a property and librdkafka's text if it refuses that property.
ConfHandle MakeConf(const KafkaPublisherOptions& options, Road road);

}  // namespace outbox
