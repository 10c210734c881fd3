// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "outbox/message.h"
#include "postgres/copy_stream.h"

namespace outbox {

// The memory of what one read of the log returned, packed into blocks. Filled by one thread, and then
// shared with the broker client until it has read the last payload.
class LogRows {
 public:
  // `row`: the columns of LogStatements::Read. `now`: the database's clock, since the epoch.
  Message Add(CopyFields row, microseconds now);
  std::size_t bytes() const { return bytes_; }  // of memory

 private:
  char* Room(std::size_t size);
  std::string_view Keep(std::string_view bytes);

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
  std::string_view topic_;  // of the last row: whoever compares topics then looks at one place
};

}  // namespace outbox
