// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/handles.h"
#include "outbox/message.h"

namespace outbox {

// The headers of a message: `id`, `type` unless it is empty, then the row's own: strings as they are,
// other values as compact JSON. A name that the relay sets is not taken from the row.
// Null: the row's headers are not a JSON object.
HeadersHandle MakeHeaders(const Message& message);

}  // namespace outbox
