// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/arrivals.h"
#include "bench/contender.h"
#include "bench/cpu_use.h"
#include "bench/writers.h"

namespace outbox::bench {

struct SteadyRun {
  std::vector<double> insert_ms;   // from when a message was due to its commit; sorted
  std::vector<double> arrival_ms;  // from when it was due until a consumer had it; sorted
  double inserted_per_second = 0;
  double seconds = 0;
  CpuUse used;  // the services' connections are PostgreSQL's processes, too
  double repeats = 0;
};

// Services insert by a timetable while the contender, released already, delivers and a consumer reads.
// What is due in the first `warm` of it is not counted. Not `delivered`: nobody is there to deliver.
SteadyRun RunSteady(Site& site, Contender& contender, const Writers::Options& options, test::seconds warm,
                    test::seconds measured, bool delivered = true);

}  // namespace outbox::bench
