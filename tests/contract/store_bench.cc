// SPDX-License-Identifier: Apache-2.0
#include "store_bench.h"

#include <chrono>

#include "fakes/in_memory_outbox.h"
#include "postgres/log_store.h"
#include "postgres/postgres_store.h"
#include "postgres/schema_admin.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

class InMemoryBench final : public StoreBench {
 public:
  explicit InMemoryBench(Completion how) : outbox_(how, [this] { return Now(); }) { completion = how; }

  std::string name() const override { return "in memory"; }
  OutboxStore& store() override { return outbox_; }
  std::int64_t Insert(const std::string& topic, const std::optional<std::string>& key,
                      const std::optional<std::string>& payload) override {
    return outbox_.Insert(topic, key, payload);
  }
  std::string Status(std::int64_t id) override {
    const auto row = outbox_.Find(id);
    if (!row) return "gone";
    switch (row->status) {
      case InMemoryOutbox::Status::kPending:
        return "pending";
      case InMemoryOutbox::Status::kRetrying:
        return "retrying";
      case InMemoryOutbox::Status::kSent:
        return "sent";
      case InMemoryOutbox::Status::kFailed:
        return "failed";
    }
    return "";
  }
  int Attempts(std::int64_t id) override { return outbox_.Find(id)->attempts; }
  std::string LastError(std::int64_t id) override { return outbox_.Find(id)->last_error; }
  void MakeDue(std::int64_t id) override { outbox_.MakeDue(id); }
  void SetControl(const SharedControl& control) override { outbox_.SetControl(control); }
  void Age(std::int64_t id) override { outbox_.SetSent(id, Now() - seconds(3600)); }

 private:
  static TimePoint Now() { return std::chrono::steady_clock::now(); }
  InMemoryOutbox outbox_;
};

std::string Literal(const std::optional<std::string>& text) {
  if (!text) return "NULL";
  std::string quoted = "'";
  for (const char c : *text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

void Install(const std::string& database, SchemaLayout layout) {
  PostgresSettings settings;
  settings.conninfo = PostgresBench::Server().conninfo(database);
  SchemaOptions options;
  options.layout = layout;
  ApplySchema(settings, options);
}

// With the outbox installed; copied for each test, which is quick.
std::string Template(SchemaLayout layout) {
  static const bool made = [] {
    auto& server = PostgresBench::Server();
    server.CreateDatabase("template_rows");
    server.CreateDatabase("template_log");
    Install("template_rows", SchemaLayout::kRows);
    Install("template_log", SchemaLayout::kLog);
    Sql(server.conninfo())
        .Run(
            "CREATE ROLE relay LOGIN IN ROLE outbox_relay; CREATE ROLE service LOGIN IN ROLE outbox_producer;"
            " CREATE ROLE stranger LOGIN");
    return true;
  }();
  return made && layout == SchemaLayout::kLog ? "template_log" : "template_rows";
}

std::string NewDatabase(Completion completion) {
  static int made = 0;
  const std::string name = "outbox_" + std::to_string(++made);
  const auto layout = completion == Completion::kLog ? SchemaLayout::kLog : SchemaLayout::kRows;
  Sql(PostgresBench::Server().conninfo()).Run("CREATE DATABASE " + name + " TEMPLATE " + Template(layout));
  return name;
}

// A row of the log is done if progress has passed it; whoever was parked is told by the other table.
constexpr const char* kLogStatus = R"(
SELECT coalesce(
  (SELECT status::text FROM outbox_parked WHERE id = o.id),
  CASE WHEN p.phase IS NULL THEN CASE WHEN o.id <= p.upto AND pg_visible_in_snapshot(o.xid, p.snapshot) THEN 'gone' END
       WHEN o.id <= p.upto AND p.snapshot IS NOT NULL AND pg_visible_in_snapshot(o.xid, p.snapshot) THEN 'gone'
       WHEN pg_visible_in_snapshot(o.xid, p.next_snapshot) AND o.id <= p.upto
         AND (p.phase = 'new' OR o.id <= p.last_id) THEN 'gone'
       WHEN pg_visible_in_snapshot(o.xid, p.next_snapshot) AND o.id > p.upto
         AND p.phase = 'new' AND o.id <= p.last_id THEN 'gone' END,
  'pending')
FROM outbox o, outbox_progress p WHERE o.id = )";

}  // namespace

std::unique_ptr<StoreSession> StoreBench::Connect() {
  auto session = store().Connect();
  for (int i = 0; i < 3; ++i) session->Claim(Everything());
  return session;
}

std::unique_ptr<StoreBench> MakeInMemoryBench(Completion completion) {
  return std::make_unique<InMemoryBench>(completion);
}

PostgresServer& PostgresBench::Server() {
  static PostgresServer server({.settings = {{"autovacuum", "off"}}, .fsync = false});
  return server;
}

PostgresBench::PostgresBench(Completion how)
    : database_(NewDatabase(how)), admin_(Server().conninfo(database_)) {
  completion = how;
  store_ = OtherStore();
}

std::unique_ptr<OutboxStore> PostgresBench::OtherStore(const std::string& user) {
  PostgresSettings postgres;
  postgres.conninfo = Server().conninfo(database_, user);
  OutboxSettings outbox;
  outbox.name = "contract";
  outbox.completion = completion;
  if (completion == Completion::kLog)
    return std::make_unique<LogStore>(postgres, outbox, observer_, milliseconds(0));
  return std::make_unique<PostgresStore>(postgres, outbox, observer_);
}

std::int64_t PostgresBench::Insert(const std::string& topic, const std::optional<std::string>& key,
                                   const std::optional<std::string>& payload) {
  return std::stoll(Producer().Value("INSERT INTO outbox (topic, key, payload) VALUES (" + Literal(topic) +
                                     ", " + Literal(key) + ", " + Literal(payload) + ") RETURNING id"));
}

std::string PostgresBench::name() const {
  return completion == Completion::kMark ? "mark" : completion == Completion::kDelete ? "delete" : "log";
}

std::string PostgresBench::Status(std::int64_t id) {
  const bool log = completion == Completion::kLog;
  const std::string select = log ? kLogStatus : "SELECT status FROM outbox WHERE id = ";
  const auto rows = admin_.Rows(select + std::to_string(id));
  return rows.empty() ? "gone" : *rows[0][0];
}

int PostgresBench::Attempts(std::int64_t id) {
  return std::stoi(admin_.Value("SELECT coalesce(max(attempts), 0) FROM " + table() +
                                " WHERE id = " + std::to_string(id)));
}

std::string PostgresBench::LastError(std::int64_t id) {
  return admin_.Value("SELECT last_error FROM " + table() + " WHERE id = " + std::to_string(id));
}

void PostgresBench::MakeDue(std::int64_t id) {
  admin_.Run("BEGIN; SELECT outbox_hold(topic, key) FROM " + table() + " WHERE id = " + std::to_string(id) +
             "; UPDATE " + table() +
             " SET status = 'retrying', next_attempt_at = clock_timestamp() WHERE id = " +
             std::to_string(id) + "; COMMIT");
}

void PostgresBench::SetControl(const SharedControl& control) {
  std::string sql = "BEGIN; DELETE FROM outbox_control WHERE name LIKE 'paused%' OR name = 'on_failed';";
  sql += "INSERT INTO outbox_control (name, value) VALUES ('on_failed', '";
  sql += control.on_failed == OnFailed::kBlock ? "block');" : "skip');";
  const auto pause = [&sql](const std::string& name, const std::string& reason) {
    sql += "INSERT INTO outbox_control (name, value, reason) VALUES (" + Literal(name) + ", 'on', " +
           Literal(reason) + ");";
  };
  if (control.paused) pause("paused", control.paused_reason);
  for (const std::string& topic : control.paused_topics) pause("paused:" + topic, "");
  admin_.Run(sql + "COMMIT");
}

void PostgresBench::Age(std::int64_t id) {
  admin_.Run("UPDATE outbox SET sent_at = now() - interval '1 hour' WHERE id = " + std::to_string(id));
}

void ForEachStore(const std::function<void(StoreBench&)>& test) {
  for (const Completion completion : {Completion::kMark, Completion::kDelete}) {
    {
      const auto bench = MakeInMemoryBench(completion);
      INFO(bench->name());
      test(*bench);
    }
    PostgresBench bench(completion);
    INFO(bench.name());
    test(bench);
  }
  PostgresBench log(Completion::kLog);
  INFO(log.name());
  test(log);
}

ClaimRequest Everything() { return {}; }

std::vector<std::int64_t> Ids(const Batch& batch) {
  std::vector<std::int64_t> ids;
  for (const Message& message : batch.messages()) ids.push_back(message.id);
  return ids;
}

std::vector<std::int64_t> Drain(StoreSession& session, const ClaimRequest& request) {
  std::vector<std::int64_t> all;
  for (;;) {
    const auto batch = session.Claim(request);
    const auto ids = Ids(*batch);
    if (ids.empty()) return all;
    all.insert(all.end(), ids.begin(), ids.end());
    SettleAll(*batch, Outcome::kSent);
  }
}

void SettleAll(Batch& batch, Outcome outcome) {
  Settlement settlement;
  settlement.outcomes.assign(batch.messages().size(), outcome);
  if (outcome == Outcome::kRetry || outcome == Outcome::kFailed) {
    for (std::size_t i = 0; i < batch.messages().size(); ++i)
      settlement.refusals.push_back({i, milliseconds(0), "policy: no"});
  }
  batch.Settle(settlement);
}

}  // namespace outbox::test
