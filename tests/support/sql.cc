// SPDX-License-Identifier: Apache-2.0
#include "support/sql.h"

#include <libpq-fe.h>

namespace outbox::test {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};

}  // namespace

void Sql::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Sql::Sql(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw SqlError("", PQerrorMessage(connection_.get()));
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

std::vector<Sql::Row> Sql::Rows(const std::string& statements) {
  const std::unique_ptr<PGresult, Clear> result(PQexec(connection_.get(), statements.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    const char* sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    throw SqlError(sqlstate != nullptr ? sqlstate : "", PQerrorMessage(connection_.get()));
  }
  std::vector<Row> rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const int row = static_cast<int>(r);
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (PQgetisnull(result.get(), row, column) != 0) {
        rows[r].emplace_back();
      } else {
        rows[r].emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
  }
  return rows;
}

std::string Sql::Value(const std::string& statements) {
  const auto rows = Rows(statements);
  if (rows.empty() || rows[0].empty() || !rows[0][0]) throw SqlError("02000", "no value: " + statements);
  return *rows[0][0];
}

}  // namespace outbox::test
