// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/family_list.h"

namespace outbox {

// The process as the kernel sees it, under the usual names. Reads /proc; what cannot be read is left
// out.
class Process {
 public:
  Process();
  void Write(FamilyList& list) const;

 private:
  double started_;  // seconds since the Unix epoch; taken once, so that it does not move with the clock
};

}  // namespace outbox
