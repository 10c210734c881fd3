// SPDX-License-Identifier: Apache-2.0
#include "demo/borrowed_schema.h"

#include <utility>

#include "outbox/store.h"
#include "postgres/schema_admin.h"
#include "postgres/sql_runner.h"

namespace outbox {
namespace {

constexpr const char* kRolePrefix = "outbox_demo_";

}  // namespace

BorrowedSchema::BorrowedSchema(std::string conninfo) : conninfo_(std::move(conninfo)) {
  SqlRunner sql(conninfo_);
  server_version_ = sql.Value("SHOW server_version");
  server_version_ = server_version_.substr(0, server_version_.find(' '));
  if (!sql.Value(std::string("SELECT to_regnamespace('") + kName + "')").empty()) {
    throw StoreUnavailable(StoreUnavailable::Reason::kSchema,
                           "this database has a schema outbox_demo already, of another demo that runs or was "
                           "killed; to be rid of it:  DROP SCHEMA outbox_demo CASCADE");
  }
  PostgresSettings server;
  server.conninfo = conninfo_;
  SchemaOptions options;
  options.schema = kName;
  options.role_prefix = kRolePrefix;
  ApplySchema(server, options);
}

BorrowedSchema::~BorrowedSchema() {
  if (kept_) return;
  try {
    SqlRunner sql(conninfo_);
    sql.Run(std::string("SET client_min_messages = error; DROP SCHEMA ") + kName + " CASCADE");
    for (const char* role : {"producer", "relay", "operator", "viewer", "owner"}) {
      sql.Run(std::string("DROP ROLE IF EXISTS ") + kRolePrefix + role);
    }
  } catch (const StoreUnavailable&) {
    // The database went away, or another demo in the cluster uses the roles.
  }
}

}  // namespace outbox
