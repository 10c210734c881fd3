// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema_script.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>

#include "postgres/embedded_schema.h"

namespace outbox {
namespace {

constexpr std::size_t kLongestName = 63;

std::string Doubled(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) result.append(c == quote ? 2 : 1, c);
  return result + quote;
}

constexpr std::string_view kLogFolder = "log/";

// In the order in which they are applied. What the layout of a log has of its own takes the place of the
// file with the same name.
std::map<std::string_view, EmbeddedFile> FilesOf(SchemaLayout layout) {
  std::map<std::string_view, EmbeddedFile> files;
  for (const EmbeddedFile& file : SchemaFiles()) {
    if (!file.name.starts_with(kLogFolder)) files.insert({file.name, file});
  }
  for (const EmbeddedFile& file : SchemaFiles()) {
    if (layout == SchemaLayout::kLog && file.name.starts_with(kLogFolder))
      files.insert_or_assign(file.name.substr(kLogFolder.size()), file);
  }
  return files;
}

}  // namespace

std::string QuoteName(std::string_view identifier) { return Doubled(identifier, '"'); }

std::string SchemaNameProblem(const std::string& schema) {
  if (schema.empty() || schema.size() > kLongestName) return "a schema's name has 1 to 63 bytes";
  // It goes into a comment and into a dollar-quoted block.
  const auto unfit = [](unsigned char c) { return c == '$' || std::iscntrl(c) != 0; };
  if (std::ranges::any_of(schema, unfit)) return "a schema's name may not contain $ or control characters";
  return {};
}

std::string RolePrefixProblem(const std::string& prefix) {
  // Then a role's name needs no quotes anywhere, whatever it is part of.
  const std::string rule = "a role prefix consists of a-z, 0-9 and _, begins with no digit and has up to 55";
  if (prefix.empty() || prefix.size() > kLongestName - std::string_view("producer").size()) return rule;
  const auto fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (!std::ranges::all_of(prefix, fit) || (prefix[0] >= '0' && prefix[0] <= '9')) return rule;
  if (prefix.starts_with("pg_")) return "PostgreSQL keeps role names that begin with pg_ for itself";
  return {};
}

std::string RenameRoles(std::string_view text, const std::string& prefix) {
  static const std::regex roles(R"(\boutbox_(owner|producer|relay|operator|viewer)\b)");
  return std::regex_replace(std::string(text), roles, prefix + "$1");
}

std::string SchemaPreamble(const SchemaOptions& options) {
  const std::string name = QuoteName(options.schema);
  return "SET LOCAL lock_timeout = '" + std::to_string(options.lock_timeout.count()) + "ms';\n" +
         "SET LOCAL client_min_messages = warning;\n"
         "-- One at a time: IF NOT EXISTS is no help against somebody who creates the same just now. And no\n"
         "-- CREATE SCHEMA IF NOT EXISTS: it wants the right to create even where nothing is to be created.\n"
         "DO $schema$\n"
         "BEGIN\n"
         "  PERFORM pg_advisory_xact_lock(hashtextextended('outbox-relay schema', 0));\n"
         "  IF to_regnamespace(" +
         Doubled(name, '\'') + ") IS NULL THEN\n" + "    CREATE SCHEMA " + name + ";\n" +
         "  END IF;\n"
         "END\n"
         "$schema$;\n"
         "-- Without pg_temp: it would take everything in if this role had no right to use the schema.\n"
         "SET LOCAL search_path = " +
         name + ";\n";
}

std::string SchemaBody(const SchemaOptions& options) {
  std::string body;
  for (const auto& [name, file] : FilesOf(options.layout.value_or(SchemaLayout::kRows))) {
    if (name == "030_wake_up.sql" && !options.with_notify) continue;
    body += "\n-- " + std::string(file.name) + "\n" + RenameRoles(file.text, options.role_prefix);
  }
  if (options.on_failed) {
    const std::string value = *options.on_failed == OnFailed::kBlock ? "block" : "skip";
    body += "\nINSERT INTO outbox_control (name, value) VALUES ('on_failed', '" + value + "')\n" +
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, since = "
            "excluded.since;\n";
  }
  return body;
}

std::string SchemaScript(const SchemaOptions& options) {
  return "-- The outbox in schema " + QuoteName(options.schema) + ", version " +
         std::to_string(kSchemaVersion) +
         ". Written by `outbox-relay schema print`.\n"
         "-- It may be run again at any time, and drops nothing.\n"
         "BEGIN;\n" +
         SchemaPreamble(options) + SchemaBody(options) + "\nCOMMIT;\n";
}

int CountStatements(std::string_view script) {
  // Enough for our own files: a statement ends a line, and so does the tag that opens a quoted body.
  int count = 0;
  std::string_view tag;
  while (!script.empty()) {
    const std::string_view line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(line.size() + 1, script.size()));
    if (!tag.empty()) {
      if (!line.starts_with(tag)) continue;
      tag = {};
    } else if (line.ends_with('$')) {
      tag = line.substr(line.rfind('$', line.size() - 2));
    }
    if (line.ends_with(';') && !line.starts_with("--")) ++count;
  }
  return count;
}

}  // namespace outbox
