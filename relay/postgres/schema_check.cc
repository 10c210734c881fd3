// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "postgres/embedded_schema.h"
#include "postgres/schema_admin.h"
#include "postgres/schema_remedy.h"
#include "postgres/schema_script.h"
#include "postgres/schema_session.h"

namespace outbox {
namespace {

// (kind, name) -> definition.
using Facts = std::map<std::pair<std::string, std::string>, std::string>;

Facts Expected(const SchemaOptions& options) {
  const std::string text = RenameRoles(
      options.layout == SchemaLayout::kLog ? ExpectedLogSchema() : ExpectedSchema(), options.role_prefix);
  Facts facts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (line.starts_with('#')) continue;
    if (line.find("outbox_wake_up") != std::string::npos && !options.with_notify) continue;
    const std::size_t name = line.find('\t') + 1;
    const std::size_t definition = line.find('\t', name) + 1;
    facts[{line.substr(0, name - 1), line.substr(name, definition - name - 1)}] = line.substr(definition);
  }
  return facts;
}

Facts Found(pqxx::transaction_base& transaction, const SchemaOptions& options) {
  transaction.exec("SET LOCAL search_path = " + QuoteName(options.schema));
  const auto usable =
      transaction.exec("SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = " +
                       transaction.quote(options.schema));
  if (!usable.empty() && *usable[0][0].c_str() == 'f') {
    throw StoreUnavailable(StoreUnavailable::Reason::kRights,
                           "no right to look into it: the role must be a member of " + options.role_prefix +
                               "viewer, or of another of the roles");
  }
  const auto rows = transaction.exec("/* outbox-relay: schema check */ " +
                                     RenameRoles(DescribeSchema(), options.role_prefix));
  Facts facts;
  for (const auto& row : rows) facts[{row[0].c_str(), row[1].c_str()}] = row[2].c_str();
  return facts;
}

// Own columns, indexes and triggers are nobody's business, unless producers' inserts would fail.
bool Unwelcome(const Facts& facts, const Facts::value_type& fact) {
  const auto& [kind, name] = fact.first;
  if (kind == "privilege") return true;
  if (kind != "nullability" || fact.second != "NOT NULL" || !name.starts_with("outbox.")) return false;
  const auto value = facts.find({"default", name});
  return value != facts.end() && value->second == "none";
}

std::vector<Drift> Compare(const Facts& expected, const Facts& found, bool tables_only) {
  std::vector<Drift> drift;
  const auto add = [&](const Facts::key_type& key, std::optional<std::string> want,
                       std::optional<std::string> have) {
    drift.push_back({key.first, key.second, std::move(want), std::move(have), {}});
    drift.back().remedy = Remedy(drift.back());
  };
  for (const auto& [key, definition] : expected) {
    if (tables_only && key.first != "table") continue;
    const auto same = found.find(key);
    if (same == found.end()) {
      add(key, definition, {});
    } else if (same->second != definition) {
      add(key, definition, same->second);
    }
  }
  for (const auto& fact : found) {
    if (tables_only || expected.contains(fact.first) || !Unwelcome(found, fact)) continue;
    add(fact.first, {}, fact.second);
  }
  return drift;
}

bool IsMissing(const Drift& drift) { return !drift.found; }

// Facts that stand in rows, not in the catalogue.
void AddStored(pqxx::transaction_base& transaction, const SchemaOptions& options, Facts& expected,
               Facts& found) {
  expected[{"version", "outbox"}] = std::to_string(kSchemaVersion);
  found[{"version", "outbox"}] = std::to_string(InstalledVersion(transaction, options.schema));
}

}  // namespace

std::vector<Drift> CheckSchema(const PostgresSettings& server, const SchemaOptions& options) {
  return InTransaction<pqxx::read_transaction>(server, [&](pqxx::transaction_base& transaction) {
    Facts found = Found(transaction, options);
    Facts expected = Expected(WithLayout(transaction, options));
    // Of a table that is not there, its columns need not be told one by one.
    auto missing = Compare(expected, found, true);
    if (std::ranges::any_of(missing, IsMissing)) return missing;
    AddStored(transaction, options, expected, found);
    return Compare(expected, found, false);
  });
}

}  // namespace outbox
