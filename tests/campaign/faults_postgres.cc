// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <stdexcept>

#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

using test::PostgresServer;
using test::Sql;
using test::SqlError;

class StopPostgres final : public Fault {
 public:
  explicit StopPostgres(PostgresServer::StopMode mode) : mode_(mode) {}
  std::string Begin(Scene& scene) override {
    scene.field.postgres().Stop(mode_);
    return "the server";
  }
  void Heal(Scene& scene) override { scene.field.postgres().Start(); }

 private:
  const PostgresServer::StopMode mode_;
};

// No room for a new page or a new piece of WAL; over the latter the server gives up, and stays down if it
// finds no room to recover either.
class FillDisk final : public Fault {
  std::string Begin(Scene& scene) override {
    Sql superuser = scene.field.Connect("postgres");
    scene.field.disk().Fill();
    // Uses up the files that are ready for the WAL to come.
    try {
      for (int i = 0; i < kReadyFiles; ++i) superuser.Run("SELECT pg_switch_wal(), txid_current()");
    } catch (const SqlError&) {
      return "the disk, and the server gave up";
    }
    return "the disk";
  }
  void Heal(Scene& scene) override {
    scene.field.disk().Free();
    PostgresServer& server = scene.field.postgres();
    const auto serves = [&] { return !server.process().running() || server.Serves(); };
    if (!test::WaitFor(serves, test::seconds(20))) throw std::runtime_error("the server does not recover");
    if (!server.process().running()) server.Start();
  }
  static constexpr int kReadyFiles = 8;
};

// Somebody's `pg_terminate_backend` of each connection of a role.
class TerminateBackends final : public Fault {
 public:
  explicit TerminateBackends(std::string role) : role_(std::move(role)) {}
  std::string Begin(Scene& scene) override {
    const auto ended =
        scene.field.Connect("postgres")
            .Rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role_ + "'");
    return ended.empty() ? "" : std::to_string(ended.size()) + " connections of " + role_;
  }

 private:
  const std::string role_;
};

// A person who has locked one row and thinks about it.
class LockRow final : public Fault {
  std::string Begin(Scene& scene) override {
    person_.emplace(scene.field.Connect("operator"));
    std::string id;
    const bool found = test::WaitFor(
        [&] {
          const auto rows = person_->Rows("ROLLBACK; BEGIN; SELECT id FROM " + scene.field.waiting_table() +
                                          " WHERE status = 'pending' ORDER BY id DESC LIMIT 1"
                                          " FOR UPDATE SKIP LOCKED");
          if (!rows.empty()) id = *rows[0][0];
          return !id.empty();
        },
        test::seconds(2));
    if (!found) person_.reset();
    return found ? "row " + id : "";
  }
  void Heal(Scene&) override { person_.reset(); }

  std::optional<Sql> person_;
};

// The relay that reads the log loses its right to, and does not know it yet.
class LoseGuard final : public Fault {
  std::string Begin(Scene& scene) override {
    const auto ended = scene.field.Connect("postgres")
                           .Rows(
                               "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                               "application_name LIKE '% guard'");
    return ended.empty() ? "" : std::to_string(ended.size()) + " guards";
  }
};

// Keeps vacuum from removing anything.
class HoldSnapshot final : public Fault {
  std::string Begin(Scene& scene) override {
    person_.emplace(scene.field.Connect("operator"));
    person_->Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox_version");
    return "a snapshot";
  }
  void Heal(Scene&) override { person_.reset(); }

  std::optional<Sql> person_;
};

class LongWriter final : public Fault {
  std::string Begin(Scene& scene) override {
    const int duration = 4'000 + scene.Any(8'000);
    scene.writers.HoldNext(test::milliseconds(duration));
    return "a transaction for " + std::to_string(duration) + " ms";
  }
};

// Everybody who has lost a connection meanwhile gets none.
class UseUpConnections final : public Fault {
  std::string Begin(Scene& scene) override {
    Sql superuser = scene.field.Connect("postgres");
    Take(scene);
    superuser.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'relay'");
    Take(scene);
    return std::to_string(taken_.size()) + " connections taken";
  }
  void Heal(Scene&) override { taken_.clear(); }

  void Take(Scene& scene) {
    try {
      for (int i = 0; i < 100; ++i) taken_.push_back(scene.field.Connect("operator"));
    } catch (const SqlError&) {
      // That was the limit.
    }
  }

  std::vector<Sql> taken_;
};

// Somebody's trigger on the outbox. Its lock is not had beside a long transaction, then it comes later.
class BadTrigger final : public Fault {
 public:
  struct Text {
    std::string table;
    std::string kind;
    std::string timing;
    std::string when;
    std::string body;
  };
  explicit BadTrigger(Text text) : text_(std::move(text)) {}
  std::string Begin(Scene& scene) override {
    scene.field.Connect("postgres")
        .Run(
            "SET lock_timeout = '2s'; CREATE OR REPLACE FUNCTION campaign_trigger() RETURNS trigger"
            " LANGUAGE plpgsql AS $$ BEGIN " +
            text_.body + " END $$; CREATE " + text_.kind + " ON " + text_.table + text_.timing +
            " FOR EACH ROW WHEN (" + text_.when + ") EXECUTE FUNCTION campaign_trigger()");
    return "a trigger";
  }
  void Heal(Scene& scene) override {
    scene.field.Connect("postgres")
        .Run("SET lock_timeout = '2s'; DROP TRIGGER IF EXISTS campaign ON " + text_.table);
  }

 private:
  const Text text_;
};

template <typename Kind>
std::unique_ptr<Fault> MakePlain() {
  return std::make_unique<Kind>();
}

// So long, where rows are swallowed, that scan starts would pass them. A log has one row that is written all
// the time.
void AddBadTriggers(std::vector<FaultKind>& kinds) {
  const auto add = [&](std::string_view name, double longest, Layout layout, const BadTrigger::Text& text) {
    kinds.push_back({.name = name,
                     .group = "trigger",
                     .shortest = longest * 0.6,
                     .longest = longest,
                     .make = [text] { return std::make_unique<BadTrigger>(text); },
                     .layout = layout});
  };
  const std::string swallow = "TRIGGER campaign BEFORE UPDATE OR DELETE";
  const std::string refuse = "CONSTRAINT TRIGGER campaign AFTER UPDATE OR DELETE";
  const std::string deferred = " DEFERRABLE INITIALLY DEFERRED";
  const std::string raise = "RAISE EXCEPTION 'the campaign refuses this commit';";
  add("settle_swallowed", 14, Layout::kRows, {"outbox", swallow, "", "OLD.id % 100 = 0", "RETURN NULL;"});
  add("commit_refused", 4, Layout::kRows, {"outbox", refuse, deferred, "random() < 0.03", raise});
  add("move_swallowed", 14, Layout::kLog,
      {"outbox_progress", swallow, "", "random() < 0.05", "RETURN NULL;"});
  add("move_refused", 4, Layout::kLog, {"outbox_progress", refuse, deferred, "random() < 0.2", raise});
  add("parked_swallowed", 14, Layout::kLog,
      {"outbox_parked", swallow, "", "OLD.id % 10 = 0", "RETURN NULL;"});
}

}  // namespace

void AddPostgresFaults(std::vector<FaultKind>& kinds) {
  const auto stop = [](PostgresServer::StopMode mode) {
    return [mode] { return std::make_unique<StopPostgres>(mode); };
  };
  const auto terminate = [](const char* role) {
    return [role] { return std::make_unique<TerminateBackends>(role); };
  };
  kinds.push_back({"postgres_crash", "postgres", 0, 3, stop(PostgresServer::StopMode::kImmediate)});
  kinds.push_back({"postgres_restart", "postgres", 0, 3, stop(PostgresServer::StopMode::kFast)});
  kinds.push_back({.name = "disk_full",
                   .group = "postgres",
                   .shortest = 2,
                   .longest = 6,
                   .make = MakePlain<FillDisk>,
                   .fills_disk = true});
  kinds.push_back({"terminate_relays", "", 0, 0, terminate("relay")});
  kinds.push_back({"terminate_writers", "", 0, 0, terminate("service"), false});
  kinds.push_back({"lock_row", "", 1, 5, MakePlain<LockRow>, false});
  kinds.push_back({"hold_snapshot", "", 5, 15, MakePlain<HoldSnapshot>, false});
  kinds.push_back({"long_writer", "", 0, 0, MakePlain<LongWriter>, false});
  AddBadTriggers(kinds);
  kinds.push_back({"no_connections", "postgres", 3, 6, MakePlain<UseUpConnections>});
  kinds.push_back({.name = "lose_guard", .group = "", .make = MakePlain<LoseGuard>, .layout = Layout::kLog});
}

}  // namespace outbox::campaign
