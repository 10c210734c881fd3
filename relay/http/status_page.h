// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/status.h"

namespace outbox {

// One HTML page that needs nothing else: no script, no image, no font.
std::string StatusPage(const Status& status);

// The policy it can live with, for the header Content-Security-Policy.
inline constexpr const char* kStatusPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

}  // namespace outbox
