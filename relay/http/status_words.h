// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/html.h"
#include "http/status.h"

// What several parts of the status page say alike.
namespace outbox {

Markup ClassOf(Tone tone);
const char* NoteOn(const RoughCount& count);  // how far it can be trusted; empty: it is exact

}  // namespace outbox
