// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema_admin.h"

#include "postgres/schema_script.h"
#include "postgres/schema_session.h"

namespace outbox {
namespace {

std::string LockText(const std::string& what) {
  return "another transaction holds a lock that this needs, and nothing was changed; try again, or see who "
         "it is "
         "in pg_locks: " +
         what;
}

}  // namespace

StoreUnavailable::Reason ReasonOf(const std::string& sqlstate) {
  using Reason = StoreUnavailable::Reason;
  if (sqlstate == "25006") return Reason::kReadOnly;
  if (sqlstate == "55P03" || sqlstate == "57014") return Reason::kTimeout;
  if (sqlstate.starts_with("08") || sqlstate.starts_with("57P")) return Reason::kLost;
  return Reason::kOther;
}

std::string Trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

int InstalledVersion(pqxx::transaction_base& transaction, const std::string& schema) {
  const auto fail = [&](const std::string& what) {
    throw StoreUnavailable(StoreUnavailable::Reason::kSchema, "schema " + QuoteName(schema) + " " + what);
  };
  const auto found = transaction.exec(
      "/* outbox-relay: schema */ SELECT relname FROM pg_class"
      " WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = " +
      transaction.quote(schema) +
      ")"
      " AND relname IN ('outbox', 'outbox_version') ORDER BY relname DESC");
  if (found.empty()) return 0;
  // Applying would pass over a table of that name, and fail at the first column that it lacks.
  if (std::string(found[0][0].c_str()) == "outbox")
    fail("has a table outbox of another make: choose another schema");
  const auto version = transaction.exec("/* outbox-relay: schema */ SELECT coalesce(max(version), 0) FROM " +
                                        QuoteName(schema) + ".outbox_version");
  const int installed = std::stoi(version[0][0].c_str());
  if (installed > kSchemaVersion) {
    fail("has version " + std::to_string(installed) + " of the outbox, this program knows " +
         std::to_string(kSchemaVersion) + ": upgrade outbox-relay");
  }
  return installed;
}

// Whatever of a log is left: who has lost one table is to be told of that one.
std::optional<SchemaLayout> InstalledLayout(pqxx::transaction_base& transaction) {
  const auto row = transaction.exec(
      "/* outbox-relay: schema */ SELECT to_regclass('outbox') IS NOT NULL,"
      " coalesce(to_regclass('outbox_progress'), to_regclass('outbox_parked')) IS NOT NULL")[0];
  if (*row[0].c_str() == 'f') return std::nullopt;
  return *row[1].c_str() == 't' ? SchemaLayout::kLog : SchemaLayout::kRows;
}

SchemaOptions WithLayout(pqxx::transaction_base& transaction, SchemaOptions options) {
  const auto installed = InstalledLayout(transaction);
  if (installed && options.layout && *installed != *options.layout) {
    const bool log = *installed == SchemaLayout::kLog;
    throw StoreUnavailable(StoreUnavailable::Reason::kSchema,
                           std::string("the outbox has the layout ") + (log ? "log" : "rows") +
                               (log ? ": set outbox.completion = \"log\""
                                    : ": set outbox.completion to \"mark\" or \"delete\"") +
                               ", or change it with `outbox-relay schema convert --layout " +
                               (log ? "rows" : "log") + "`");
  }
  if (!options.layout) options.layout = installed.value_or(SchemaLayout::kRows);
  return options;
}

namespace {

// The roles are nowhere else written down, and the default ones may be another team's.
void CheckPrefix(pqxx::transaction_base& transaction, const SchemaOptions& options) {
  const auto other = transaction.exec(
      "/* outbox-relay: schema */ SELECT o.rolname, left(o.rolname, -5)"
      " FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner"
      " WHERE c.oid = 'outbox'::regclass AND right(o.rolname, 5) = 'owner' AND o.rolname <> " +
      transaction.quote(options.role_prefix + "owner") +
      " AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = left(o.rolname, -5) || 'relay')");
  if (other.empty()) return;
  const std::string owner = other[0][0].c_str();
  const std::string prefix = other[0][1].c_str();
  throw StoreUnavailable(StoreUnavailable::Reason::kSchema, "the outbox belongs to " + owner +
                                                                ", so its roles begin with " + prefix +
                                                                ": give --role-prefix " + prefix);
}

}  // namespace

SchemaPlan PlanSchema(const PostgresSettings& server, const SchemaOptions& options) {
  return InTransaction<pqxx::read_transaction>(server, [&](pqxx::transaction_base& transaction) {
    const int installed = InstalledVersion(transaction, options.schema);
    if (installed > 0) {
      transaction.exec("SET LOCAL search_path = " + QuoteName(options.schema));
      CheckPrefix(transaction, options);
    }
    const SchemaOptions whole = installed > 0 ? WithLayout(transaction, options) : options;
    return SchemaPlan{installed, CountStatements(SchemaPreamble(whole) + SchemaBody(whole))};
  });
}

std::string ApplySchema(const PostgresSettings& server, const SchemaOptions& options) {
  try {
    return InTransaction<pqxx::work>(server, [&](pqxx::work& transaction) {
      transaction.exec("/* outbox-relay: schema */ " + SchemaPreamble(options));
      // Only what the caller can do something about is an error; whose the objects are is returned.
      transaction.exec("SET LOCAL client_min_messages = error");
      if (InstalledVersion(transaction, options.schema) > 0) CheckPrefix(transaction, options);
      transaction.exec(SchemaBody(WithLayout(transaction, options)));
      const auto owner =
          transaction.exec("SELECT relowner::regrole FROM pg_class WHERE oid = 'outbox'::regclass");
      const std::string name = owner[0][0].c_str();
      transaction.commit();
      return name;
    });
  } catch (const StoreUnavailable& error) {
    if (error.reason() != StoreUnavailable::Reason::kTimeout) throw;
    throw StoreUnavailable(error.reason(), LockText(error.what()));
  }
}

}  // namespace outbox
