// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/html.h"
#include "http/status.h"

// The lower half of the status page: one section each, nothing where there is nothing to say.
namespace outbox {

void WriteRefused(Html& html, const Status& status);
void WriteTopics(Html& html, const Status& status);
void WriteConnections(Html& html, const Status& status);
void WriteTable(Html& html, const Status& status);

}  // namespace outbox
