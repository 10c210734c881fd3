// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

#include "outbox/store.h"

namespace outbox {

// What a failure of libpqxx means to the relay. `missed`: we shut the socket down ourselves.
StoreUnavailable Translate(const std::exception& error, bool missed);

}  // namespace outbox
