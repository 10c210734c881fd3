// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema_remedy.h"

namespace outbox {
namespace {

const std::string kApply = "outbox-relay schema apply --execute";
const std::string kInstallAnew = "install a second outbox in another schema and move to it";

// Kinds with no case of their own are mended by applying the schema again.
std::string ColumnRemedy(const Drift& drift) {
  const std::string table = drift.name.substr(0, drift.name.find('.'));
  const std::string column = drift.name.substr(table.size() + 1);
  const std::string alter = "ALTER TABLE " + table + " ALTER COLUMN " + column + " ";
  const std::string expected = drift.expected.value_or("NULL");
  if (drift.kind == "nullability") return alter + (expected == "NULL" ? "DROP NOT NULL" : "SET NOT NULL");
  if (drift.kind == "default") {
    return alter + (expected == "none" ? "DROP DEFAULT" : "SET DEFAULT " + expected);
  }
  if (drift.kind == "identity") {
    return alter + (drift.found ? "SET GENERATED ALWAYS" : "ADD GENERATED ALWAYS AS IDENTITY (CACHE 1)");
  }
  if (drift.kind == "statistics") return alter + "SET (" + expected + ")";
  if (!drift.found) return "ALTER TABLE " + table + " ADD COLUMN " + column + " " + expected;
  return alter + "TYPE " + expected;
}

std::string IndexRemedy(const Drift& drift) {
  const std::size_t dot = drift.name.find('.');
  const std::string table = drift.name.substr(0, dot);
  const std::string index = drift.name.substr(dot + 1);
  if (drift.found && *drift.found == *drift.expected + " INVALID")
    return "REINDEX INDEX CONCURRENTLY " + index;
  const std::string make =
      "CREATE INDEX CONCURRENTLY " + index + " ON " + table + " USING " + *drift.expected;
  return drift.found ? "DROP INDEX CONCURRENTLY " + index + "; " + make : make;
}

std::string ConstraintRemedy(const Drift& drift) {
  const std::size_t dot = drift.name.find('.');
  const std::string alter = "ALTER TABLE " + drift.name.substr(0, dot) + " ";
  const std::string constraint = drift.name.substr(dot + 1);
  if (drift.found && *drift.found == *drift.expected + " NOT VALID") {
    return alter + "VALIDATE CONSTRAINT " + constraint;
  }
  return alter + (drift.found ? "DROP CONSTRAINT " + constraint + ", " : "") + "ADD CONSTRAINT " +
         constraint + " " + *drift.expected;
}

std::string TableRemedy(const Drift& drift) {
  if (!drift.found) return kApply;
  if (*drift.found == *drift.expected + " with row security") {
    return "ALTER TABLE " + drift.name + " DISABLE ROW LEVEL SECURITY";
  }
  if (*drift.found == "unlogged table") return "ALTER TABLE " + drift.name + " SET LOGGED";
  if (*drift.expected == "unlogged table") return "ALTER TABLE " + drift.name + " SET UNLOGGED";
  return kInstallAnew;
}

std::string PrivilegeRemedy(const Drift& drift) {
  const std::size_t to = drift.name.rfind(" TO ");
  const std::string revoke = "REVOKE " + drift.name.substr(0, to) + " FROM " + drift.name.substr(to + 4);
  if (!drift.expected) return revoke + " (or from PUBLIC or the role that it comes by)";
  return drift.found ? revoke + "; " + *drift.expected : *drift.expected;
}

std::string RoleRemedy(const Drift& drift) {
  if (drift.kind == "ownership") {
    return "give the objects to the owner role with ALTER ... OWNER TO, and take " + drift.name +
           " out of that role";
  }
  return drift.found ? "ALTER ROLE " + drift.name + " NOSUPERUSER" : kApply;
}

}  // namespace

std::string Remedy(const Drift& drift) {
  const std::string& kind = drift.kind;
  if (kind == "table") return TableRemedy(drift);
  if (kind == "index") return IndexRemedy(drift);
  if (kind == "constraint") return ConstraintRemedy(drift);
  if (kind == "privilege") return PrivilegeRemedy(drift);
  if (kind == "role" || kind == "ownership") return RoleRemedy(drift);
  if (kind == "sequence") return "ALTER SEQUENCE " + drift.name + " " + *drift.expected;
  if (kind == "first column" || kind == "generated" || kind == "enum") return kInstallAnew;
  if (kind == "trigger" && drift.found) return "ALTER TABLE outbox ENABLE TRIGGER outbox_wake_up";
  const bool column = kind == "column" || kind == "nullability" || kind == "default" || kind == "identity" ||
                      kind == "statistics";
  return column ? ColumnRemedy(drift) : kApply;
}

}  // namespace outbox
