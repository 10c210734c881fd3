// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/message.h"

namespace outbox {

// Since midnight, in the local time of this process (TZ, else the machine's).
seconds TimeOfDay();

}  // namespace outbox
