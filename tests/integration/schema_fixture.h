// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "support/postgres_server.h"
#include "support/sql.h"

namespace outbox::test {

// One server for the suite; its roles are shared by all tests.
PostgresServer& Server();

// A database of the test's own, empty.
class Database {
 public:
  Database();
  std::string conninfo(const std::string& user = "postgres") const { return Server().conninfo(name_, user); }
  Sql Connect() const { return Sql(conninfo()); }
  // A session with the rights of one of the roles, looking into `schema`.
  Sql As(const std::string& role, const std::string& schema = "public") const;

  struct Answer {
    int exit = -1;
    std::string out;
    std::string err;
  };
  // `outbox-relay schema ARGUMENTS...`, in this process. Apply and check are told this database.
  Answer Schema(const std::vector<std::string>& arguments, const std::string& user = "postgres") const;

 private:
  std::string name_;
};

// What a statement fails with; empty: it does not.
std::string SqlState(Sql& sql, const std::string& statement);

inline const std::string kDenied = "42501";

}  // namespace outbox::test
