// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "outbox/settings.h"

// Installs, upgrades and examines the objects of an outbox. Each call is a connection and a
// transaction of its own, and throws StoreUnavailable: kLost (no connection), kTimeout (a lock was
// not to be had), kRights, kSchema (of a newer version or another layout, or not an outbox of ours), kOther.
namespace outbox {

inline constexpr int kSchemaVersion = 1;

// How the outbox is stored: rows that the relay updates or deletes, or a log that it only reads.
enum class SchemaLayout { kRows, kLog };

struct SchemaOptions {
  std::optional<SchemaLayout> layout;  // none: as installed, else rows
  std::string schema = "public";
  std::string role_prefix = "outbox_";  // roles belong to the whole cluster, hence other names for them
  bool with_notify = false;
  std::optional<OnFailed> on_failed;  // none: an installed outbox keeps what it has
  milliseconds lock_timeout{5'000};
};

// What is wrong with a name, for a person; empty if nothing is.
std::string SchemaNameProblem(const std::string& schema);
std::string RolePrefixProblem(const std::string& prefix);

// All of it as one script, for psql or any migration tool. May be run again at any time.
std::string SchemaScript(const SchemaOptions& options);

struct SchemaPlan {
  int installed = 0;  // version; 0: there is no outbox
  int statements = 0;
};

// What ApplySchema would do.
SchemaPlan PlanSchema(const PostgresSettings& server, const SchemaOptions& options);

// Returns the role that the table belongs to: the prefix and "owner", or the one that is connected if
// that may not give it away.
std::string ApplySchema(const PostgresSettings& server, const SchemaOptions& options);

// Where the database differs from what this version expects, and how to mend it. The remedy is SQL
// to be run with search_path at the schema, or the text of a command.
struct Drift {
  std::string kind;  // "column", "index", "privilege" ...
  std::string name;
  std::optional<std::string> expected;  // none: should not be there
  std::optional<std::string> found;     // none: is missing
  std::string remedy;
};

// Reads catalogues, the version and outbox_control, so outbox_viewer is enough.
std::vector<Drift> CheckSchema(const PostgresSettings& server, const SchemaOptions& options);

}  // namespace outbox
