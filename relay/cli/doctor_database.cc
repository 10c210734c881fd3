// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/doctor.h"

namespace outbox {
namespace {

constexpr int kOldestServer = 130'000;
constexpr double kMostClockError = 5;  // seconds
constexpr std::int64_t kDeadRows = 100'000;
constexpr std::int64_t kWideIndex = 64 << 20;   // bytes; below, nobody minds
constexpr std::int64_t kLongHistory = 1 << 30;  // bytes; who keeps everything may mean to
constexpr seconds kPurgeLate{3600};
constexpr std::int64_t kBytesAnEntry = 400;  // an entry takes some 20

constexpr const char* kRoles = "docs/schema.md#roles";
constexpr const char* kGrows = "docs/operations.md#the-table-grows";

// A time by which people tell old from young: "12 days".
std::string Roughly(seconds time) {
  using namespace std::chrono_literals;
  if (time >= 48h) return fmt::format("{} days", time / 24h);
  if (time >= 2h) return fmt::format("{} hours", time / 1h);
  return fmt::format("{} minutes", time / 1min);
}

}  // namespace

const char* Word(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "ok";
    case Severity::kSkipped:
      return "skipped";
    case Severity::kWarning:
      return "warning";
    case Severity::kFailed:
      return "failed";
  }
  return "";
}

Finding CheckServer(const ServerFacts& server) {
  const std::string version = fmt::format("PostgreSQL {}", server.version / 10'000);
  if (server.version < kOldestServer) {
    return {"server",
            Severity::kFailed,
            version,
            "the relay needs version 13 or later",
            "upgrade the server",
            "docs/schema.md#the-outbox-in-the-database"};
  }
  if (server.standby) {
    return {"server",
            Severity::kFailed,
            version + " answers, as a standby",
            "a relay must write, and would wait for ever",
            "name the primary in postgres.conninfo, or several hosts with target_session_attrs=read-write",
            "docs/operations.md#postgresql-is-down"};
  }
  return {"server", Severity::kOk, version};
}

Finding CheckRole(const RoleFacts& role) {
  if (role.superuser || role.owner) {
    return {"role",
            Severity::kWarning,
            fmt::format("{} {}", role.role, role.superuser ? "is a superuser" : "owns the outbox"),
            "whoever gets hold of this login can drop the outbox; a relay and an operator need far less",
            "connect as a login that is a member of outbox_relay or outbox_operator only",
            kRoles};
  }
  if (!role.relay && !role.operates) {
    return {
        "role",
        Severity::kFailed,
        role.role + " is a member of neither outbox_relay nor outbox_operator",
        "it can neither deliver nor repair messages",
        "GRANT outbox_relay TO \"" + role.role + "\" (for a relay) or GRANT outbox_operator (for a person)",
        kRoles};
  }
  return {"role", Severity::kOk,
          role.role + " is a member of " + (role.relay ? "outbox_relay" : "outbox_operator")};
}

Findings CheckProducers(const RoleFacts& role) {
  Findings findings;
  for (const std::string& meddler : role.meddlers) {
    findings.push_back({"producers", Severity::kFailed,
                        "the producer " + meddler + " may change or delete messages",
                        "a service that touches the state of a message can lose it, or send it out of order",
                        "REVOKE UPDATE, DELETE, TRUNCATE ON outbox FROM \"" + meddler +
                            "\" (or from the role or PUBLIC that it has them of)",
                        kRoles});
  }
  if (role.relay_may_drop) {
    findings.push_back({"producers", Severity::kFailed, "outbox_relay is a member of the outbox's owner",
                        "a relay could drop or alter the outbox", "REVOKE outbox_owner FROM outbox_relay",
                        kRoles});
  }
  if (!role.producers_read_ids) {
    findings.push_back({"producers", Severity::kFailed, "outbox_producer may not read ids",
                        "INSERT ... RETURNING fails, and so do object-relational mappers",
                        "GRANT SELECT (id, message_id) ON outbox TO outbox_producer",
                        "docs/schema.md#with-an-object-relational-mapper"});
  }
  if (findings.empty()) {
    findings.push_back({"producers", Severity::kOk, "producers may insert, and change nothing"});
  }
  return findings;
}

Finding CheckSchemaDrift(const std::vector<Drift>& drift) {
  // Invalid indexes have a check of their own.
  const auto counts = [](const Drift& one) {
    return !(one.kind == "index" && one.found && one.found->find("INVALID") != std::string::npos);
  };
  const auto many = std::ranges::count_if(drift, counts);
  if (many == 0) return {"schema", Severity::kOk, fmt::format("version {}, as it should be", kSchemaVersion)};
  const Drift& first = *std::ranges::find_if(drift, counts);
  return {"schema",
          Severity::kFailed,
          fmt::format("{} differences from version {}, such as {} {}", many, kSchemaVersion, first.kind,
                      first.name),
          "the relay's promises rest on these definitions and rights",
          "outbox-relay schema check tells all and how to mend each; schema apply --execute mends most",
          "docs/schema.md#upgrading"};
}

Finding CheckIndexes(const TableFacts& table) {
  if (table.invalid_indexes.empty()) return {"indexes", Severity::kOk, "all indexes are valid"};
  std::string names;
  for (const std::string& name : table.invalid_indexes) names += (names.empty() ? "" : ", ") + name;
  return {"indexes",
          Severity::kFailed,
          "not valid: " + names,
          "it is kept up to date and never read, so claims may read the whole table",
          "REINDEX INDEX CONCURRENTLY " + table.invalid_indexes[0],
          kGrows};
}

Finding CheckAutovacuum(const TableFacts& table) {
  if (!table.autovacuum) {
    return {"autovacuum",
            Severity::kFailed,
            "autovacuum is off, for the server or for this table",
            "each message leaves dead rows, which claims then step over for ever",
            "ALTER TABLE outbox RESET (autovacuum_enabled), and autovacuum = on in postgresql.conf",
            kGrows};
  }
  const bool eager = std::ranges::count(table.options, "autovacuum_vacuum_scale_factor=0") > 0;
  if (!eager) {
    return {"autovacuum",
            Severity::kWarning,
            "the table has lost its settings for autovacuum",
            "with the server's defaults vacuum waits until a fifth of the table is dead: the longer the "
            "history, the later",
            "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, "
            "autovacuum_vacuum_cost_delay = 0)",
            kGrows};
  }
  return {"autovacuum", Severity::kOk, "on, and eager for this table"};
}

Findings CheckVacuumHolders(const VacuumFacts& vacuum) {
  Findings findings;
  for (const VacuumHolder& holder : vacuum.holders) {
    findings.push_back(
        {"vacuum", Severity::kWarning,
         holder.what + (holder.seconds > 0 ? fmt::format(", open for {} s", holder.seconds) : ""),
         "vacuum cannot remove what died since then, and claims read again what was sent since",
         "end it: " + holder.remedy, kGrows});
  }
  if (findings.empty() && vacuum.blind) {
    return {{"vacuum", Severity::kSkipped, "transactions of other roles are hidden from this one", "",
             "GRANT pg_read_all_stats TO outbox_operator, outbox_relay", kGrows}};
  }
  if (findings.empty()) findings.push_back({"vacuum", Severity::kOk, "nothing old is open"});
  return findings;
}

Finding CheckBloat(const TableFacts& table) {
  if (table.dead > kDeadRows && table.dead > table.live) {
    return {"bloat",
            Severity::kWarning,
            fmt::format("{} dead rows and {} live ones", table.dead, table.live),
            "vacuum does not keep up, or is held back: the table grows",
            "see the check vacuum; then VACUUM outbox",
            kGrows};
  }
  if (table.pending_index_bytes > kWideIndex &&
      table.pending_index_bytes > table.pending_index_entries * kBytesAnEntry) {
    return {"bloat",
            Severity::kWarning,
            fmt::format("outbox_pending_idx has {} MiB for {} messages", table.pending_index_bytes >> 20,
                        table.pending_index_entries),
            "a backlog that is gone left it wide; sweeps and counts read more than they must",
            "REINDEX INDEX CONCURRENTLY outbox_pending_idx",
            kGrows};
  }
  return {"bloat", Severity::kOk, fmt::format("{} dead rows", table.dead)};
}

Finding CheckHistory(const TableFacts& table, const Settings* settings) {
  const std::string kept =
      fmt::format("about {} messages in {} MiB", table.live, table.bytes >> 20) +
      (table.oldest_sent > 0 ? ", the oldest sent " + Roughly(seconds(table.oldest_sent)) + " ago" : "");
  if (settings == nullptr || settings->outbox.completion != Completion::kMark || table.oldest_sent == 0)
    return {"history", Severity::kOk, kept};
  const std::optional<seconds> keep = settings->retention.sent;
  if (!keep && table.bytes > kLongHistory) {
    return {"history",
            Severity::kWarning,
            kept + ": retention.sent is \"never\"",
            "nothing deletes sent messages, so they fill the disk one day",
            "outbox-relay purge --older-than 7d --execute; set retention.sent",
            kGrows};
  }
  if (keep && seconds(table.oldest_sent) > *keep + kPurgeLate) {
    return {"history",
            Severity::kWarning,
            kept + fmt::format(": retention.sent is {}", Roughly(*keep)),
            "no relay purges, or none keeps up: the table grows",
            "see that a relay runs and is not paused; outbox-relay purge --execute does it now",
            kGrows};
  }
  return {"history", Severity::kOk, kept};
}

Finding CheckPooler(const ServerFacts& server, const Settings* settings) {
  constexpr const char* kLink = "docs/operations.md#poolers";
  if (!server.pooled) return {"pooler", Severity::kOk, "none, or one that keeps sessions"};
  if (settings != nullptr && settings->postgres.pooler == PoolerMode::kNone) {
    return {"pooler",
            Severity::kFailed,
            "there is a transaction pooler, and postgres.pooler is \"none\"",
            "prepared statements and settings get lost between transactions",
            "set postgres.pooler = \"auto\"",
            kLink};
  }
  if (settings != nullptr && settings->outbox.wake_up == WakeUp::kNotify &&
      settings->postgres.listen_conninfo.empty()) {
    return {"pooler",
            Severity::kFailed,
            "there is a transaction pooler, and wake-ups would come through it",
            "LISTEN does not work there: the relay only polls",
            "set postgres.listen_conninfo to the server itself",
            kLink};
  }
  return {"pooler", Severity::kOk, "a transaction pooler, as expected"};
}

Finding CheckClock(const ServerFacts& server) {
  const double error = std::abs(server.clock_ahead);
  if (error <= kMostClockError + server.clock_unsure) {
    return {"clock", Severity::kOk, fmt::format("{:.3f} s from PostgreSQL's", error)};
  }
  return {"clock",
          Severity::kWarning,
          fmt::format("PostgreSQL's clock is {:.0f} s {} this machine's", error,
                      server.clock_ahead > 0 ? "ahead of" : "behind"),
          "delivery goes by PostgreSQL's clock alone, but logs, alerts and brokers go by others: what they "
          "say of a moment will not fit together",
          "let both run a time service such as chrony",
          "docs/guarantees.md"};
}

Finding CheckConnections(const ServerFacts& server, const Settings* settings) {
  const DeliverySettings delivery = settings != nullptr ? settings->delivery : DeliverySettings();
  const bool notify = settings != nullptr && settings->outbox.wake_up == WakeUp::kNotify;
  // Of a log also a guard, a reader, and for each worker one to what is parked.
  const bool log = settings != nullptr && settings->outbox.completion == Completion::kLog;
  const int needed = delivery.workers + 1 + (notify ? 1 : 0) + (log ? delivery.workers + 2 : 0);
  const std::int64_t free = server.most_connections - server.connections;
  if (free >= needed || server.pooled) {
    return {"connections", Severity::kOk, fmt::format("{} free, a relay takes {}", free, needed)};
  }
  return {"connections",
          Severity::kWarning,
          fmt::format("{} free, a relay takes {}", free, needed),
          "one more relay, or this one after a restart, may not get all of its workers connected",
          "raise max_connections, put a pooler in between, or lower delivery.workers",
          "docs/operations.md#sizing"};
}

}  // namespace outbox
