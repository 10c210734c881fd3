// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace outbox::bench {

class Contender;
class Site;

// Processor seconds that everybody who takes part has used so far.
struct CpuUse {
  double contender = 0;
  double postgres = 0;  // all its processes, also those that have ended, without the next one
  double walsender = 0;
  double broker = 0;
};

CpuUse CpuUsed(Site& site, const Contender& contender);
CpuUse operator-(const CpuUse& after, const CpuUse& before);

// The most that these processes had resident, added up.
std::int64_t PeakResidentBytes(const std::vector<pid_t>& pids);

}  // namespace outbox::bench
