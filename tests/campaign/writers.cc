// SPDX-License-Identifier: Apache-2.0
#include "campaign/writers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

namespace outbox::campaign {
namespace {

using test::milliseconds;
using test::seconds;
using test::Sql;
using test::SqlError;

constexpr milliseconds kAgain{50};
// Then the first writer is alone for a while: what others hold open hides mistakes about a late commit.
constexpr seconds kLullEvery{12};
constexpr seconds kLull{5};  // longer than a transaction is usually held open
constexpr int kWritersInLull = 1;
constexpr int kWildWriterOf = 4;  // every fourth writer's keys are not serialised

std::string Quoted(const std::optional<std::string>& text) { return text ? "'" + *text + "'" : "NULL"; }

std::string Insert(const std::vector<WrittenRow>& rows) {
  std::string text =
      "INSERT INTO outbox (message_id, topic, key, type, headers, payload, created_at) VALUES ";
  for (const WrittenRow& row : rows) {
    text += (&row == rows.data() ? "('" : ", ('") + row.MessageId() + "','" + row.topic + "'," +
            Quoted(row.key) + ",'changed','{\"writer\": \"" + std::to_string(row.transaction.writer) +
            "\"}','" + row.Payload() + "',clock_timestamp()" +
            (row.kind == RowKind::kOld ? " - interval '1 day')" : ")");
  }
  return text + ";";
}

}  // namespace

// What one transaction will do, drawn before it begins.
struct Writers::Plan {
  std::set<std::string> keys;
  int rows = 1;
  bool roll_back = false;
  bool savepoint = false;  // some doomed rows in between
  milliseconds hold{0};
  bool lure = false;
};

class Writers::Writer {
 public:
  Writer(Writers& all, int number)
      : all_(all),
        number_(number),
        random_(all.options_.seed * 1000 + static_cast<std::uint64_t>(number)),
        journal_(all.options_.journals / ("writer-" + std::to_string(number)),
                 std::chrono::steady_clock::now()) {}

  void Run() {
    std::exponential_distribution<double> pause(all_.options_.rate);
    while (!all_.stop_) {
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(pause(random_), 1.0)));
      if (number_ > kWritersInLull && Lull()) continue;
      const TransactionId transaction{number_, ++last_};
      if (!Write(transaction, Draw())) Settle(transaction);
    }
  }

 private:
  bool Lull() const {
    return (std::chrono::steady_clock::now() - all_.begun_) % kLullEvery >= kLullEvery - kLull;
  }
  bool serialised() const { return number_ % kWildWriterOf != 0; }
  int Any(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

  Plan Draw() {
    Plan plan;
    plan.rows = Any(4) == 0 ? 1 + Any(20) : 1 + Any(4);
    const int keys = 1 + (Any(3) == 0 ? Any(5) : 0);
    const auto& known = serialised() ? all_.options_.keys : all_.options_.wild_keys;
    for (int i = 0; i < keys; ++i)
      plan.keys.insert(known[static_cast<std::size_t>(Any(static_cast<int>(known.size())))]);
    plan.roll_back = Any(10) == 0;
    plan.savepoint = Any(10) == 0;
    if (Any(20) == 0) plan.hold = milliseconds(100 + Any(2'900));
    if (number_ % 2 == 1 && Any(4) == 0) {
      plan.lure = true;
      plan.hold = milliseconds(Any(100));
    }
    if (const auto wanted = all_.hold_next_.exchange(0); wanted > 0) {
      plan.hold = milliseconds(wanted);
      plan.roll_back = false;
    }
    return plan;
  }

  WrittenRow NewRow(TransactionId transaction, const std::string& key, bool doomed) {
    WrittenRow row{transaction, next_index_++, "", key, 0, doomed, RowKind::kPlain};
    // A key belongs to one topic, or its order would be no order.
    auto topic = all_.options_.partitions.begin();
    std::advance(topic, std::hash<std::string>()(key) % all_.options_.partitions.size());
    row.topic = topic->first;
    if (!serialised() && Any(3) == 0) row.key.reset();
    const Workload& workload = all_.options_.workload;
    const int lot = Any(100) - workload.large_percent;
    row.kind = lot < 0 ? RowKind::kLarge : lot < workload.old_percent ? RowKind::kOld : RowKind::kPlain;
    return row;
  }

  // Keeps other writers away from the keys, in their order, and returns the last sequence of each. Every
  // other writer does so without a row lock, which would draw its xid long before the ids of its rows.
  std::map<std::string, std::int64_t> Begin(const Plan& plan) {
    if (!sql_) sql_ = std::make_unique<Sql>(all_.options_.conninfo);
    std::map<std::string, std::int64_t> sequences;
    sql_->Run("BEGIN");
    if (!serialised()) return sequences;
    std::string list;
    for (const auto& key : plan.keys) list += (list.empty() ? "'" : ",'") + key + "'";
    std::string locks;
    for (const auto& key : plan.keys) locks += "SELECT pg_advisory_xact_lock(hashtext('" + key + "'));";
    const std::string rows =
        "SELECT key, sequence FROM campaign_keys WHERE key IN (" + list + ") ORDER BY key";
    for (const auto& row : sql_->Rows(locks + rows + (number_ % 2 == 0 ? " FOR UPDATE" : "")))
      sequences[*row[0]] = std::stoll(*row[1]);
    return sequences;
  }

  // The rows that will be committed; `statements` inserts them.
  std::vector<WrittenRow> Compose(TransactionId transaction, const Plan& plan,
                                  std::map<std::string, std::int64_t> sequences, std::string& statements) {
    const std::vector<std::string> keys(plan.keys.begin(), plan.keys.end());
    std::vector<WrittenRow> rows;
    next_index_ = 0;
    for (int i = 0; i < plan.rows; ++i) {
      const std::string& key = keys[static_cast<std::size_t>(Any(static_cast<int>(keys.size())))];
      rows.push_back(NewRow(transaction, key, plan.roll_back));
      if (serialised()) rows.back().sequence = ++sequences[key];
    }
    const auto middle = rows.begin() + plan.rows / 2;
    const std::vector<WrittenRow> before(rows.begin(), middle);
    const std::vector<WrittenRow> after(middle, rows.end());
    if (!before.empty()) statements += Insert(before);
    if (plan.savepoint) {
      std::vector<WrittenRow> doomed;
      for (int i = 0; i < 3; ++i) doomed.push_back(NewRow(transaction, keys[0], true));
      statements += "SAVEPOINT s;" + Insert(doomed) + "ROLLBACK TO s;";
    }
    statements += Insert(after);
    for (const auto& [key, sequence] : sequences) {
      statements +=
          "UPDATE campaign_keys SET sequence = " + std::to_string(sequence) + " WHERE key = '" + key + "';";
    }
    statements += "INSERT INTO campaign_transactions VALUES (" + std::to_string(transaction.packed()) + ")";
    return rows;
  }

  // False: nobody knows whether it was committed.
  bool Write(TransactionId transaction, const Plan& plan) {
    bool committing = false;
    try {
      const auto sequences = Begin(plan);
      std::string statements;
      const auto rows = Compose(transaction, plan, sequences, statements);
      if (plan.lure) BeginLure(rows[0]);
      sql_->Run(statements);
      if (plan.lure) CommitLure();
      std::this_thread::sleep_for(plan.hold);
      if (plan.roll_back) {
        sql_->Run("ROLLBACK");
        return true;
      }
      Intend(rows);
      committing = true;
      sql_->Run("COMMIT");
      Commit(transaction);
      return true;
    } catch (const SqlError&) {
      sql_.reset();
    }
    if (lured_) RollBack(lured_->transaction);
    lured_.reset();
    lure_.reset();
    if (committing) return false;
    RollBack(transaction);
    std::this_thread::sleep_for(kAgain);
    return true;
  }

  // A message of the same lane, in a transaction that draws its xid before that of `row` and ends after the
  // ids of that were drawn. A claim that it calls up sees a snapshot whose xmax is below the late one's xid.
  void BeginLure(WrittenRow row) {
    if (!lure_) lure_ = std::make_unique<Sql>(all_.options_.conninfo);
    row.transaction = {number_, ++last_};
    row.index = 0;
    row.sequence = 0;
    row.doomed = false;
    row.kind = RowKind::kPlain;
    lured_ = row;
    lure_->Run("BEGIN;" + Insert({row}) + "INSERT INTO campaign_transactions VALUES (" +
               std::to_string(row.transaction.packed()) + ")");
  }
  void CommitLure() {
    const TransactionId transaction = lured_->transaction;
    Intend({*lured_});
    lured_.reset();
    try {
      lure_->Run("COMMIT");
      Commit(transaction);
    } catch (const SqlError&) {
      lure_.reset();
      Settle(transaction);
    }
  }

  // Takes the transaction's place in the side table for good. If it is still to be had, the transaction
  // can never commit any more, even if the server has not yet noticed that we are gone.
  void Settle(TransactionId transaction) {
    ++all_.unsettled_;
    journal_.Write("unknown " + std::to_string(transaction.number));
    const std::string id = std::to_string(transaction.packed());
    for (;; std::this_thread::sleep_for(kAgain)) {
      try {
        Sql sql(all_.options_.conninfo);
        sql.Run("INSERT INTO campaign_transactions VALUES (" + id + ", false) ON CONFLICT DO NOTHING");
        const bool committed =
            sql.Value("SELECT committed FROM campaign_transactions WHERE id = " + id) == "t";
        committed ? Commit(transaction) : RollBack(transaction);
        --all_.unsettled_;
        return;
      } catch (const SqlError&) {
        // Not even a lost answer matters here: the next try finds what this one left.
      }
    }
  }

  void Intend(const std::vector<WrittenRow>& rows) {
    std::string line = "intend " + std::to_string(rows[0].transaction.number);
    for (const WrittenRow& row : rows)
      line += " " + row.topic + "/" + row.key.value_or("-") + ":" + std::to_string(row.sequence);
    journal_.Write(line);
    all_.checker_.Intend(rows);
  }
  void Commit(TransactionId transaction) {
    journal_.Write("committed " + std::to_string(transaction.number));
    all_.checker_.Commit(transaction);
  }
  void RollBack(TransactionId transaction) {
    journal_.Write("rolled back " + std::to_string(transaction.number));
    all_.checker_.RollBack(transaction);
  }

  Writers& all_;
  const int number_;
  std::mt19937_64 random_;
  Journal journal_;
  std::unique_ptr<Sql> sql_;
  std::unique_ptr<Sql> lure_;
  std::optional<WrittenRow> lured_;  // its transaction is open
  std::int64_t last_ = 0;
  int next_index_ = 0;
};

void Writers::Prepare(Sql& owner, Options& options) {
  owner.Run(
      "CREATE TABLE campaign_keys (key text PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0);"
      "CREATE TABLE campaign_transactions (id bigint PRIMARY KEY, committed boolean NOT NULL DEFAULT true);"
      "GRANT SELECT, INSERT, UPDATE ON campaign_keys, campaign_transactions TO service");
  const int count = options.workload.keys;
  for (const char* kind : {"k", "w"}) {
    // Half of them crowd into a few lanes, where neighbours may lure a scan past a late commit.
    const std::string name = std::string("'") + kind + "' || i";
    const auto rows = owner.Rows(
        "INSERT INTO campaign_keys (key) SELECT " + name + " FROM generate_series(0, 999) i WHERE i < " +
        std::to_string(count / 2) + " OR i >= 200 AND hashtextextended(" + name +
        ", 0) & 63 < 4 ORDER BY i LIMIT " + std::to_string(count) + " RETURNING key");
    auto& keys = *kind == 'k' ? options.keys : options.wild_keys;
    for (const auto& row : rows) keys.push_back(*row[0]);
  }
}

Writers::Writers(Options options, DeliveryChecker& checker)
    : options_(std::move(options)), checker_(checker) {
  for (int i = 1; i <= options_.count; ++i) {
    threads_.emplace_back([this, i] { Writer(*this, i).Run(); });
  }
}

Writers::~Writers() { Stop(); }

void Writers::Stop() {
  stop_ = true;
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace outbox::campaign
