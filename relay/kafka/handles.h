// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace outbox {

// librdkafka's C objects with their owners.
template <typename T, void (*destroy)(T*)>
struct KafkaDestroy {
  void operator()(T* object) const { destroy(object); }
};

using ConfHandle = std::unique_ptr<rd_kafka_conf_t, KafkaDestroy<rd_kafka_conf_t, rd_kafka_conf_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaDestroy<rd_kafka_topic_t, rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, KafkaDestroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using HeadersHandle =
    std::unique_ptr<rd_kafka_headers_t, KafkaDestroy<rd_kafka_headers_t, rd_kafka_headers_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, KafkaDestroy<rd_kafka_error_t, rd_kafka_error_destroy>>;
using MetadataHandle = std::unique_ptr<const rd_kafka_metadata_t,
                                       KafkaDestroy<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>>;

}  // namespace outbox
