// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "outbox/publisher.h"

namespace outbox {

// What librdkafka's word on one message means. Its status decides whether the message is in the log;
// the error only says why it is not.
Report ToReport(rd_kafka_resp_err_t error, rd_kafka_msg_status_t status);

// A message whose headers are no JSON object; it never reached the client.
Report InvalidHeaders();

// One line for a person.
std::string DescribeReport(const Report& report);

}  // namespace outbox
