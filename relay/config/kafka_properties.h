// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/value.h"
#include "outbox/settings.h"

namespace outbox {

// Why the relay does not let this property of librdkafka be set; empty: it may be.
std::string_view ReservedBecause(std::string_view property);

// Adds or replaces the property that `entry` sets. Returns what is wrong with it; empty: nothing.
// Whether librdkafka knows it and likes the value is for librdkafka to say.
std::string SetKafkaProperty(const Entry& entry, KafkaSettings& settings);

// For a person's eyes.
std::string ShowKafkaProperty(const KafkaProperty& property);

}  // namespace outbox
