// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outbox {

// An outbox of our own in somebody's database: a schema and its roles, made for us and dropped at the
// end. One that exists already is not touched. Used by one thread.
class BorrowedSchema {
 public:
  static constexpr const char* kName = "outbox_demo";

  explicit BorrowedSchema(std::string conninfo);  // throws StoreUnavailable
  ~BorrowedSchema();
  BorrowedSchema(const BorrowedSchema&) = delete;
  BorrowedSchema& operator=(const BorrowedSchema&) = delete;

  void Keep() { kept_ = true; }
  const std::string& server_version() const { return server_version_; }

 private:
  const std::string conninfo_;
  std::string server_version_;
  bool kept_ = false;
};

}  // namespace outbox
