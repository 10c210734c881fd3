// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/contender.h"
#include "bench/workload.h"

namespace outbox::bench {

// Fills the table while the contender is held back, releases it, and measures until all is in Kafka and
// then until the table is settled. The gate: the topic is read and judged afterwards. Leaves the
// contender held back.
Figures DrainOnce(Site& site, Contender& contender, const Backlog& backlog);

}  // namespace outbox::bench
