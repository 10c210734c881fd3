// SPDX-License-Identifier: Apache-2.0
#include "kafka/library_version.h"

#include <librdkafka/rdkafka.h>

namespace outbox {

std::string LibrdkafkaVersion() { return rd_kafka_version_str(); }

}  // namespace outbox
