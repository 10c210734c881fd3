// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct pg_conn;

namespace outbox::test {

class SqlError : public std::runtime_error {
 public:
  SqlError(std::string sqlstate, const std::string& what)
      : std::runtime_error(what), sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const { return sqlstate_; }  // empty: the connection is gone

 private:
  std::string sqlstate_;
};

// A connection of the test's own. It speaks libpq, so that what the relay does is not judged with
// the relay's own library. Used by one thread.
class Sql {
 public:
  using Row = std::vector<std::optional<std::string>>;

  explicit Sql(const std::string& conninfo);  // throws SqlError, as all here

  // Several statements may stand in one text; the rows are the last one's.
  std::vector<Row> Rows(const std::string& statements);
  void Run(const std::string& statements) { Rows(statements); }
  // The first column of the first row; an error if there is none, or if it is NULL.
  std::string Value(const std::string& statements);

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace outbox::test
