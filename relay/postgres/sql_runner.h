// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_conn;

namespace outbox {

// A plain connection for SQL that is not the relay's own work: what a service or a person would do.
// Every error is a StoreUnavailable, after which the connection is of no further use. Used by one
// thread.
class SqlRunner {
 public:
  using Rows = std::vector<std::vector<std::string>>;  // null is ""

  explicit SqlRunner(const std::string& conninfo);

  // One or several statements; the rows of the last one.
  Rows Run(const std::string& sql);
  std::string Value(const std::string& sql);  // the first column of the first row, "" if there is none

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace outbox
