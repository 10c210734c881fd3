// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

namespace outbox {

// Why a client has no connection to a broker, from what librdkafka says of it.
struct Trouble {
  bool refused = false;  // one side does not like what the other one showed: a certificate, a password
  std::string text;      // which broker, what, and what an operator can do about it
};

// `verification` is what OpenSSL last found wrong with a broker's certificate, 0: nothing. librdkafka says of
// its own of an expired certificate, an unknown authority and a wrong name that it "could not be verified".
Trouble Explain(rd_kafka_resp_err_t error, std::string_view text, int verification);

}  // namespace outbox
