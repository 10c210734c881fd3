// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "outbox/settings.h"
#include "outbox/store.h"
#include "postgres/connection.h"
#include "postgres/schema_admin.h"

// What PlanSchema, ApplySchema and CheckSchema share, and those of schema_convert.h. Uses only what libpqxx 6
// and 7 have in common.
namespace outbox {

StoreUnavailable::Reason ReasonOf(const std::string& sqlstate);

// Without the newlines that libpq ends its texts with.
std::string Trimmed(std::string text);

// The installed version, as search_path leads to it; 0: there is no outbox. Throws StoreUnavailable
// if there is one of somebody else, or of a newer version than this program's.
int InstalledVersion(pqxx::transaction_base& transaction, const std::string& schema);

// The layout of the outbox that search_path leads to; none: there is no outbox.
std::optional<SchemaLayout> InstalledLayout(pqxx::transaction_base& transaction);

// `options` with a layout. Throws StoreUnavailable if they name another than the installed one.
SchemaOptions WithLayout(pqxx::transaction_base& transaction, SchemaOptions options);

// Runs `work` with a transaction of type T on a connection of its own.
template <typename T, typename Work>
auto InTransaction(const PostgresSettings& server, const Work& work) {
  using Reason = StoreUnavailable::Reason;
  try {
    ConnectOptions options;
    options.conninfo = server.conninfo;
    options.password = server.password;
    options.pooler = server.pooler;
    options.application_name = "outbox-relay schema";
    pqxx::connection connection(CompleteConninfo(options));
    T transaction(connection);
    return work(transaction);
  } catch (const pqxx::insufficient_privilege& error) {
    throw StoreUnavailable(Reason::kRights, Trimmed(error.what()));  // libpqxx 6 forgets its SQLSTATE
  } catch (const pqxx::transaction_rollback& error) {
    throw StoreUnavailable(Reason::kTimeout, Trimmed(error.what()));  // a deadlock; no sql_error in libpqxx 6
  } catch (const pqxx::sql_error& error) {
    throw StoreUnavailable(ReasonOf(error.sqlstate()), Trimmed(error.what()));
  } catch (const pqxx::in_doubt_error& error) {
    throw StoreUnavailable(Reason::kUnknownCommit, Trimmed(error.what()));
  } catch (const pqxx::broken_connection& error) {
    throw StoreUnavailable(Reason::kLost, Trimmed(error.what()));
  }
}

}  // namespace outbox
