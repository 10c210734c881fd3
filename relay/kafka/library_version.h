// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outbox {

std::string LibrdkafkaVersion();  // of the library in use, not of its headers

}  // namespace outbox
