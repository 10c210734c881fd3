// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

#include "outbox/store.h"

namespace outbox {

// What a failure of libpqxx means to the relay. `missed`: we shut the socket down ourselves.
StoreUnavailable Translate(const std::exception& error, bool missed);

// The same for an SQLSTATE and its message.
StoreUnavailable FromState(const std::string& state, const std::string& text, bool missed);

}  // namespace outbox
