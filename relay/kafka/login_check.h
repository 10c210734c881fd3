// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "outbox/settings.h"

namespace outbox {

// What librdkafka would accept and then never log in with, or refuse in words that help nobody. Empty:
// nothing; else the error, with the origin of the property.
std::string LoginObjection(const std::vector<KafkaProperty>& properties);

}  // namespace outbox
