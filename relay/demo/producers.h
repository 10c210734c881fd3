// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "demo/ledger.h"
#include "postgres/sql_runner.h"

namespace outbox {

// Where rows go.
struct OutboxAddress {
  std::string conninfo;
  std::string schema;
  std::string topic;

  std::string table() const { return "\"" + schema + "\".outbox"; }
};

// The service whose outbox it is: a few threads that insert with plain SQL, each on its own share of
// the keys, as locking the aggregate's row would have it. Some transactions are rolled back; one
// writer commits late, long after others that began later.
class Producers {
 public:
  static constexpr int kKeys = 1'000;

  Producers(const OutboxAddress& address, int rows_per_second, Ledger& ledger);
  ~Producers() { Stop(); }

  void Stop();                // waits for the transactions that are open
  std::string error() const;  // not empty: a producer could not go on

  // A message that no broker takes, in a transaction of its own.
  static void InsertOversized(const OutboxAddress& address);

 private:
  struct Share {
    int first_key = 0;
    int keys = 0;
    double rows_per_second = 0;
    milliseconds open{0};  // how long it keeps a transaction open
  };

  void Run(const std::stop_token& stop, const Share& share);
  void Write(const std::stop_token& stop, const Share& share);

  const OutboxAddress address_;
  const int most_rows_;  // of a transaction
  Ledger& ledger_;
  mutable std::mutex mutex_;
  std::string error_;  // protected by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace outbox
