// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "e2e/stage.h"
#include "support/wait.h"

namespace outbox::test {

// A stage whose outbox is kept as a log.
Stage::Options LogOptions();

// Nothing is parked, and progress has passed what was drawn and stays where it is. False: not in time.
bool AwaitLogDrained(const Stage& stage, seconds timeout);

}  // namespace outbox::test
