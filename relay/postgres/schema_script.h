// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "postgres/schema_admin.h"

// The parts of SchemaScript, for who runs them one after the other.
namespace outbox {

std::string QuoteName(std::string_view identifier);

// Settings of the transaction, the lock that makes installers wait for one another, the schema, the
// search_path.
std::string SchemaPreamble(const SchemaOptions& options);
// The files, and --on-failed.
std::string SchemaBody(const SchemaOptions& options);

// `text` with the five role names under another prefix.
std::string RenameRoles(std::string_view text, const std::string& prefix);

int CountStatements(std::string_view script);

}  // namespace outbox
