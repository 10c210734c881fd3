// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outbox::campaign {

// The partition that Kafka's Java client chooses for a key. Written anew, so that the relay's client
// is not judged by itself.
int JavaPartition(std::string_view key, int partitions);

}  // namespace outbox::campaign
