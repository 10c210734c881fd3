// SPDX-License-Identifier: Apache-2.0
#include "postgres/sql_runner.h"

#include <libpq-fe.h>

#include "outbox/store.h"

namespace outbox {
namespace {

using Reason = StoreUnavailable::Reason;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

std::string LastError(PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

Reason ReasonOf(PGconn* connection, const PGresult* result) {
  if (PQstatus(connection) != CONNECTION_OK) return Reason::kLost;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state != nullptr && std::string(state) == "42501" ? Reason::kRights : Reason::kOther;
}

}  // namespace

void SqlRunner::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

SqlRunner::SqlRunner(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw StoreUnavailable(Reason::kLost, LastError(connection_.get()));
  }
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

SqlRunner::Rows SqlRunner::Run(const std::string& sql) {
  const Result result(PQexec(connection_.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    throw StoreUnavailable(ReasonOf(connection_.get(), result.get()), LastError(connection_.get()));
  }
  Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (int c = 0; c < PQnfields(result.get()); ++c) {
      rows[r].emplace_back(PQgetvalue(result.get(), static_cast<int>(r), c));
    }
  }
  return rows;
}

std::string SqlRunner::Value(const std::string& sql) {
  const Rows rows = Run(sql);
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0];
}

}  // namespace outbox
