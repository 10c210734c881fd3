// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "campaign/checker.h"
#include "campaign/field.h"

namespace outbox::campaign {

// Looks at the retrying rows from time to time. None of them is of a kind that nothing refuses; and one that
// waits for a later time than at the last look has been tried meanwhile, and must have one attempt more. (An
// operator's retry makes it due at once.)
class AttemptWatch {
 public:
  void Look(const Field& field, DeliveryChecker& checker);

 private:
  struct Seen {
    std::int64_t next = 0;  // ms
    int attempts = 0;
  };
  std::map<std::string, Seen> rows_;  // by id
};

}  // namespace outbox::campaign
