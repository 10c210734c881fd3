// SPDX-License-Identifier: Apache-2.0
#include "demo/producers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "outbox/store.h"

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWriters = 3;
constexpr int kLateKeys = 10;  // of Producers::kKeys
constexpr milliseconds kLateBy{300};
constexpr double kLatePart = 0.002;  // of the rate
constexpr int kRollBackOneIn = 50;
constexpr int kOversized = 1'200'000;  // message.max.bytes is 1,000,000 unless somebody changed it

void SleepUntil(const std::stop_token& stop, TimePoint until) {
  constexpr milliseconds kTick{50};
  while (!stop.stop_requested() && Clock::now() < until) {
    std::this_thread::sleep_until(std::min(until, Clock::now() + kTick));
  }
}

// The transactions of one writer: which rows, and whether they are rolled back.
class Writer {
 public:
  Writer(int first_key, int keys)
      : first_key_(first_key), numbers_(static_cast<std::size_t>(keys)), random_(std::random_device{}()) {}

  std::vector<Ticket> Draw(int most_rows) {
    std::vector<Ticket> rows(static_cast<std::size_t>(Below(most_rows)) + 1);
    void_ = Below(kRollBackOneIn) == 0;
    for (Ticket& row : rows) {
      const int key = Below(static_cast<int>(numbers_.size()));
      row.key = first_key_ + key;
      row.number = void_ ? Ticket::kVoid : ++numbers_[static_cast<std::size_t>(key)];
      row.at = UnixTime();
    }
    return rows;
  }
  bool rolls_back() const { return void_; }

 private:
  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  const int first_key_;
  std::vector<std::int64_t> numbers_;
  std::mt19937 random_;
  bool void_ = false;
};

std::string InsertStatement(const OutboxAddress& address, const std::vector<Ticket>& rows) {
  std::string sql = fmt::format("/* outbox-relay: demo */ INSERT INTO {} (topic, key, type, payload) VALUES",
                                address.table());
  const char* comma = "";
  for (const Ticket& row : rows) {
    sql += fmt::format("{} ('{}', 'account-{}', 'BalanceChanged', '{}')", comma, address.topic, row.key,
                       row.Payload());
    comma = ",";
  }
  return sql;
}

}  // namespace

Producers::Producers(const OutboxAddress& address, int rows_per_second, Ledger& ledger)
    : address_(address), most_rows_(std::max(5, rows_per_second / 400)), ledger_(ledger) {
  std::vector<Share> shares;
  constexpr int kShare = (kKeys - kLateKeys) / kWriters;
  for (int w = 0; w < kWriters; ++w) {
    shares.push_back({w * kShare, kShare, static_cast<double>(rows_per_second) / kWriters, milliseconds(0)});
  }
  shares.push_back({kKeys - kLateKeys, kLateKeys, rows_per_second * kLatePart, kLateBy});
  for (const Share& share : shares) {
    threads_.emplace_back([this, share](const std::stop_token& stop) { Run(stop, share); });
  }
}

void Producers::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

std::string Producers::error() const {
  const std::scoped_lock lock(mutex_);
  return error_;
}

void Producers::Run(const std::stop_token& stop, const Share& share) {
  try {
    Write(stop, share);
  } catch (const StoreUnavailable& error) {
    const std::scoped_lock lock(mutex_);
    error_ = error.what();
  }
}

void Producers::Write(const std::stop_token& stop, const Share& share) {
  SqlRunner sql(address_.conninfo);
  Writer writer(share.first_key, share.keys);
  TimePoint due = Clock::now();
  while (!stop.stop_requested()) {
    const std::vector<Ticket> rows = writer.Draw(share.open.count() > 0 ? 1 : most_rows_);
    sql.Run("BEGIN; " + InsertStatement(address_, rows));
    if (share.open.count() > 0) SleepUntil(stop, Clock::now() + share.open);
    if (writer.rolls_back()) {
      sql.Run("ROLLBACK");
      ledger_.OnRolledBack(rows);
    } else {
      sql.Run("COMMIT");
      ledger_.OnCommitted(rows);
    }
    due += std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(rows.size()) / share.rows_per_second));
    // What a slow moment left undone is not made up for in one burst.
    due = std::max(due, Clock::now() - milliseconds(100));
    SleepUntil(stop, due);
  }
}

void Producers::InsertOversized(const OutboxAddress& address) {
  SqlRunner(address.conninfo)
      .Run(fmt::format("/* outbox-relay: demo */ INSERT INTO {} (topic, key, payload) "
                       "VALUES ('{}', 'oversized', repeat('x', {}))",
                       address.table(), address.topic, kOversized));
}

}  // namespace outbox
