// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "demo/figures.h"
#include "demo/producers.h"
#include "postgres/sql_runner.h"

namespace outbox {

// Looks at the outbox as a person with psql would. Used by one thread.
class TableWatch {
 public:
  explicit TableWatch(const OutboxAddress& address);

  struct Rows {
    std::int64_t unsent = 0;  // pending and retrying
    milliseconds lag{0};
    std::vector<FailedMessage> failed;
  };
  Rows Look();  // throws StoreUnavailable

 private:
  const std::string table_;
  SqlRunner sql_;
};

}  // namespace outbox
